#include "known.h"

#include <string.h>

static uint32_t *index_of(const struct fv_header *h) {
    return (uint32_t *)fv_layout_at(h, h->known_at + h->known_index);
}

static struct fv_version *versions_of(const struct fv_header *h, const struct fv_state *state) {
    struct fv_version *all = (struct fv_version *)fv_layout_at(h, h->known_at + h->known_versions);
    return all + (uint64_t)fv_known_number(h, state) * h->tree_count;
}

static int state_is(const struct fv_state *s, uint64_t hash, uint32_t mark, const int64_t *keys,
                    uint32_t key_count) {
    return s->hash == hash && s->mark == mark && s->key_count == key_count &&
           memcmp(s->keys, keys, key_count * sizeof *keys) == 0;
}

struct fv_state *fv_known_find(const struct fv_header *h, uint64_t hash, uint32_t mark,
                               const int64_t *keys, uint32_t key_count, uint32_t *place) {
    uint32_t *index = index_of(h);
    uint32_t at = (uint32_t)hash & (FV_BUCKET_INDEX_SIZE - 1);
    for (uint32_t steps = 0; steps < FV_BUCKET_INDEX_SIZE; steps++) {
        uint32_t entry = __atomic_load_n(&index[at], __ATOMIC_ACQUIRE);
        if (entry == 0 || entry > FV_BUCKETS_MAX) break;
        struct fv_state *state = fv_known_state(h, entry - 1);
        if (state_is(state, hash, mark, keys, key_count)) return state;
        at = (at + 1) & (FV_BUCKET_INDEX_SIZE - 1);
    }
    *place = at;
    return NULL;
}

const struct fv_version *fv_known_version(const struct fv_header *h, const struct fv_state *state,
                                          uint64_t epoch) {
    const struct fv_version *versions = versions_of(h, state);
    uint32_t count = __atomic_load_n(&state->version_count, __ATOMIC_ACQUIRE);
    uint32_t kept = count < h->tree_count ? count : h->tree_count;
    for (uint32_t back = 1; back <= kept; back++) {
        const struct fv_version *version = &versions[(count - back) % h->tree_count];
        if (__atomic_load_n(&version->stamp, __ATOMIC_ACQUIRE) <= epoch) return version;
    }
    return NULL;
}

const struct fv_version *fv_known_bucket(const struct fv_header *h, const struct fv_bucket *b,
                                         uint64_t epoch) {
    uint32_t place = 0;
    const struct fv_state *state =
        fv_known_find(h, b->hash, b->mark, b->keys, b->key_count, &place);
    return state != NULL ? fv_known_version(h, state, epoch) : NULL;
}

struct fv_state *fv_known_add(const struct fv_header *h, const struct fv_state *state,
                              uint32_t place) {
    struct fv_known *known = fv_layout_known(h);
    if (known->state_count >= FV_BUCKETS_MAX) return NULL;
    struct fv_state *s = fv_known_state(h, known->state_count);
    *s = *state;
    s->version_count = 0;
    known->state_count++;
    __atomic_store_n(&index_of(h)[place], known->state_count, __ATOMIC_RELEASE);
    return s;
}

const struct fv_version *fv_known_latest(const struct fv_header *h, const struct fv_state *state) {
    if (state->version_count == 0) return NULL;
    return &versions_of(h, state)[(state->version_count - 1) % h->tree_count];
}

/* The version overwritten is one that no job under way can be looking for: the window has as many
 * jobs as there are versions, and each fold makes at most one. Its stamp says so meanwhile. */
void fv_known_publish(const struct fv_header *h, struct fv_state *state,
                      const struct fv_version *version) {
    const struct fv_version *latest = fv_known_latest(h, state);
    uint32_t count = state->version_count;
    if (latest != NULL && latest->stamp == version->stamp) count--;
    struct fv_version *to = &versions_of(h, state)[count % h->tree_count];
    __atomic_store_n(&to->stamp, UINT64_MAX, __ATOMIC_SEQ_CST);
    to->draws = version->draws;
    to->is_open = version->is_open;
    memcpy(to->qualities, version->qualities, sizeof to->qualities);
    __atomic_store_n(&to->stamp, version->stamp, __ATOMIC_RELEASE);
    __atomic_store_n(&state->version_count, count + 1, __ATOMIC_RELEASE);
}
