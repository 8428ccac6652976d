#include "journal.h"

#include <string.h>

#include "../common/known.h"

/* A shorter way to a known state is worth telling when it saves a quarter of the draws. */
static bool is_shortcut(uint64_t draws, uint64_t known_draws) {
    return draws < known_draws - known_draws / 4;
}

static bool beats_version(const struct fv_version *known, const struct fv_bucket *seen) {
    if (known->is_open) return true;
    if (fv_layout_quality_better(seen->qualities, known->qualities, seen->quality_count))
        return true;
    return is_shortcut(seen->draws, known->draws) &&
           !fv_layout_quality_better(known->qualities, seen->qualities, seen->quality_count);
}

static const struct fv_version *known_version(const struct fv_bucket *seen) {
    return fv_known_bucket(fv_rt.header, seen, fv_rt.tree->epoch);
}

static struct fv_discovery *entries(void) { return fv_layout_journal(fv_rt.header, fv_rt.slot); }

/* The same timeline may reach a state better and better: the last is told. */
static struct fv_discovery *entry_of(const struct fv_bucket *bucket, uint64_t ordinal) {
    uint32_t number = (uint32_t)(bucket - fv_layout_buckets(fv_rt.header, fv_rt.tree));
    struct fv_slot *s = fv_rt.slot;
    if (bucket->ordinal == ordinal)
        for (uint32_t i = 0; i < s->journal_count; i++)
            if (entries()[i].bucket == number) return &entries()[i];
    struct fv_discovery *entry = &entries()[s->journal_count++];
    entry->bucket = number;
    return entry;
}

static void write_down(struct fv_bucket *bucket, const struct fv_bucket *seen) {
    uint64_t ordinal = fv_rt.tree->totals.timelines + 1;
    struct fv_discovery *entry = entry_of(bucket, ordinal);
    entry->draws = bucket->draws = seen->draws;
    bucket->ordinal = ordinal;
    memcpy(bucket->qualities, seen->qualities, sizeof bucket->qualities);
    memcpy(entry->qualities, seen->qualities, sizeof entry->qualities);
}

static bool is_full(void) {
    if (fv_rt.slot->journal_count < FV_JOURNAL_MAX) return false;
    fv_rt.tree->totals.journal_overflows++;
    return true;
}

bool fv_journal_note(const struct fv_bucket *told) {
    uint32_t place = 0;
    struct fv_bucket seen = *told;
    struct fv_bucket *own = fv_layout_bucket_find(fv_rt.header, fv_rt.tree, seen.hash, seen.mark,
                                                  seen.keys, seen.key_count, &place);
    if (own != NULL) {
        if (!fv_layout_quality_better(seen.qualities, own->qualities, seen.quality_count))
            return false;
    }
    seen.draws = fv_layout_draws(fv_rt.slot);
    const struct fv_version *known = known_version(&seen);
    if (own == NULL && known != NULL && !beats_version(known, &seen)) return false;
    if (is_full()) return false;
    if (own == NULL) own = fv_layout_bucket_add(fv_rt.header, fv_rt.tree, &seen, place);
    if (own == NULL)
        fv_rt.tree->totals.bucket_overflows++;
    else
        write_down(own, &seen);
    return own != NULL && known == NULL;
}
