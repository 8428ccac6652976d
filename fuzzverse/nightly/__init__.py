"""What runs every night: known bugs again, then the search, over many targets, whatever happens."""
