"""The archive: what outlives a campaign. A SQLite file in each OUT; a team may share one more."""
