/* Names become durable in the order in which they were given, and at a power loss a drawn number of
 * those that are not is lost. Of each file's unsynced pages a power loss takes the end
 * (`is_ordered`) or any; of one that it takes, a part may have been written. */
#include "nodes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

extern "C" {
/* The inside of tasks (native/sim/tasks.h), of which nodes are made. */
uint32_t fv_tasks_owner(void);
fv_task fv_tasks_spawn(uint32_t owner, const char *name, void (*body)(void *), void *with);
void fv_tasks_end_all(uint32_t owner);
void fv_clock_drop(uint32_t owner);
}

namespace {

const uint32_t kMillion = 1000000;
const uint32_t kPageBytes = 4096;
const uint32_t kTornParts = 8;
const uint32_t kRateHalvings = 5;

struct Node {
    const char *name;
    void (*boot)(void *);
    void *with;
    bool is_up;
    uint32_t starts;
};

struct Inode {
    std::string live, durable;
    std::set<uint64_t> dirty; /* pages */
};

enum NameChange { NAME_GIVEN, NAME_MOVED, NAME_TAKEN };
struct NameStep {
    NameChange change;
    std::string name, to;
    Inode *inode;
};
typedef std::map<std::string, Inode *> Names;

std::vector<Node> nodes;
Names live_names, durable_names;
std::vector<NameStep> name_steps; /* not durable yet */
std::vector<Inode *> inodes;
std::vector<Inode *> open_files; /* by handle, less 1 */
fv_disk_model disk;
uint32_t power_loss, lying_syncs; /* this root's rates */
uint32_t quiet;
bool tears, has_lied;

/* Half of the roots have a fault at all, at a rate that is halved up to so many times. */
uint32_t drawn_rate(uint32_t declared) {
    if (declared == 0 || fv_chance(1, 2)) return 0;
    return declared >> fv_below(kRateHalvings);
}

bool strikes(uint32_t rate) { return quiet == 0 && rate > 0 && fv_chance(rate, kMillion); }

/* Every call is one where another task may run, and one in which the power may fail. */
void begin_call() {
    fv_preempt();
    if (strikes(power_loss)) fv_node_crash(fv_tasks_owner());
}

/* ---- names ----------------------------------------------------------------------------------- */

void take_step(Names *names, const NameStep &step) {
    if (step.change == NAME_GIVEN) {
        (*names)[step.name] = step.inode;
        return;
    }
    if (step.change == NAME_MOVED) (*names)[step.to] = (*names)[step.name];
    names->erase(step.name);
}

void change_names(NameChange change, const char *name, const char *to, Inode *inode) {
    name_steps.push_back({change, name, to, inode});
    take_step(&live_names, name_steps.back());
}

void lose_names() {
    uint64_t kept = name_steps.empty() ? 0 : fv_below(name_steps.size() + 1);
    for (uint64_t i = 0; i < kept; i++) take_step(&durable_names, name_steps[i]);
    name_steps.clear();
    live_names = durable_names;
}

/* ---- contents -------------------------------------------------------------------------------- */

void keep_page(Inode *inode, uint64_t page, bool is_torn) {
    size_t from = page * disk.page_bytes;
    size_t bytes = std::min<size_t>(disk.page_bytes, inode->live.size() - from);
    if (is_torn) bytes = bytes * fv_below(kTornParts) / kTornParts;
    if (bytes == 0) return;
    if (inode->durable.size() < from + bytes) inode->durable.resize(from + bytes);
    inode->durable.replace(from, bytes, inode->live, from, bytes);
}

void lose_pages(Inode *inode) {
    if (inode->dirty.empty()) return;
    uint64_t kept = disk.is_ordered ? fv_below(inode->dirty.size() + 1) : 0, n = 0;
    for (uint64_t page : inode->dirty) {
        bool is_kept = disk.is_ordered ? n < kept : fv_chance(1, 2);
        if (is_kept)
            keep_page(inode, page, false);
        else if (tears)
            keep_page(inode, page, true);
        n++;
        if (disk.is_ordered && n > kept) break;
    }
    inode->dirty.clear();
    inode->live = inode->durable;
}

Inode *inode_of(fv_file file) { return open_files[static_cast<size_t>(file - 1)]; }

void end_node(fv_node node) {
    nodes[node].is_up = false;
    open_files.clear();
    fv_clock_drop(node);
    fv_tasks_end_all(node);
}

} // namespace

void fv_disk_open(const fv_disk_model &model) {
    disk = model;
    if (disk.page_bytes == 0) disk.page_bytes = kPageBytes;
    power_loss = drawn_rate(disk.power_loss);
    lying_syncs = drawn_rate(disk.lying_syncs);
    tears = disk.torn_pages > 0 && fv_chance(1, 2);
}

void fv_quiet_begin() { quiet++; }
void fv_quiet_end() { quiet--; }

/* ---- nodes ----------------------------------------------------------------------------------- */

fv_node fv_node_new(const char *name, void (*boot)(void *), void *with) {
    nodes.push_back({name, boot, with, false, 0});
    return static_cast<fv_node>(nodes.size() - 1);
}

void fv_node_start(fv_node node) {
    nodes[node].is_up = true;
    nodes[node].starts++;
    fv_tasks_spawn(node, "boot", nodes[node].boot, nodes[node].with);
}

void fv_node_crash(fv_node node) {
    lose_names();
    for (Inode *inode : inodes) lose_pages(inode);
    end_node(node);
}

void fv_node_kill(fv_node node) { end_node(node); }
bool fv_node_is_up(fv_node node) { return nodes[node].is_up; }
fv_node fv_node_self() { return fv_tasks_owner(); }

/* ---- files ----------------------------------------------------------------------------------- */

fv_file fv_file_open(const char *name, uint32_t flags) {
    begin_call();
    auto at = live_names.find(name);
    bool is_new = at == live_names.end();
    if (is_new && (flags & FV_OPEN_CREATE) == 0) return -ENOENT;
    Inode *inode = is_new || (flags & FV_OPEN_TRUNCATE) != 0 ? new Inode : at->second;
    if (is_new || inode != at->second) {
        inodes.push_back(inode);
        change_names(NAME_GIVEN, name, "", inode);
    }
    open_files.push_back(inode);
    return static_cast<fv_file>(open_files.size());
}

void fv_file_close(fv_file file) { open_files[static_cast<size_t>(file - 1)] = nullptr; }

int64_t fv_file_read(fv_file file, void *to, size_t size, uint64_t at) {
    begin_call();
    const std::string &live = inode_of(file)->live;
    if (at >= live.size()) return 0;
    size = std::min<size_t>(size, live.size() - at);
    memcpy(to, live.data() + at, size);
    return static_cast<int64_t>(size);
}

int64_t fv_file_append(fv_file file, const void *from, size_t size) {
    begin_call();
    Inode *inode = inode_of(file);
    uint64_t page = inode->live.size() / disk.page_bytes;
    inode->live.append(static_cast<const char *>(from), size);
    for (; page * disk.page_bytes < inode->live.size(); page++) inode->dirty.insert(page);
    return static_cast<int64_t>(size);
}

int64_t fv_file_size(fv_file file) {
    begin_call();
    return static_cast<int64_t>(inode_of(file)->live.size());
}

int32_t fv_file_sync(fv_file file) {
    begin_call();
    fv_sleep(disk.sync_ns);
    if (strikes(lying_syncs)) {
        has_lied = true;
        fv_log("the disk lies: a sync is acknowledged and not done");
        return 0;
    }
    Inode *inode = inode_of(file);
    inode->dirty.clear();
    inode->durable = inode->live;
    return 0;
}

int32_t fv_disk_rename(const char *from, const char *to) {
    begin_call();
    if (live_names.count(from) == 0) return -ENOENT;
    change_names(NAME_MOVED, from, to, nullptr);
    return 0;
}

int32_t fv_disk_unlink(const char *name) {
    begin_call();
    if (live_names.count(name) == 0) return -ENOENT;
    change_names(NAME_TAKEN, name, "", nullptr);
    return 0;
}

int32_t fv_disk_sync_names() {
    begin_call();
    for (const NameStep &step : name_steps) take_step(&durable_names, step);
    name_steps.clear();
    return 0;
}

bool fv_disk_has(const char *name) {
    begin_call();
    return live_names.count(name) != 0;
}

const char *fv_disk_name(uint32_t n) {
    if (n >= live_names.size()) return nullptr;
    return std::next(live_names.begin(), n)->first.c_str();
}

bool fv_disk_has_lied() { return has_lied; }
