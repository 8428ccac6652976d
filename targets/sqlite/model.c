#include "model.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t z) {
    z += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* A sum over all that there is, each mixed with its place: nothing waits for anything. */
static uint64_t table_digest(const struct model_table *table, uint64_t place) {
    if (!table->exists) return 0;
    uint64_t digest = mix(place);
    for (uint64_t i = 0; i < MODEL_INDEXES; i++)
        if (table->indexed[i]) digest += mix(place + 1 + i);
    for (uint64_t i = 0; i < MODEL_ROWS; i++)
        if (table->version[i] != 0) digest += mix(place + ((i + 1) << 32) + table->version[i]);
    return digest;
}

uint64_t model_digest(const struct model_state *state) {
    const uint64_t places = (uint64_t)(MODEL_ROWS + 1) << 32; /* of a table */
    uint64_t digest = 0;
    for (uint64_t i = 0; i < MODEL_TABLES; i++)
        digest += table_digest(&state->tables[i], i * places);
    return digest;
}

/* Mostly short rows, some that need overflow pages. */
static uint32_t body_length(uint64_t seed) {
    uint32_t length = (uint32_t)(mix(seed) % 120);
    if (mix(seed + 1) % 8 == 0) length += (uint32_t)(mix(seed + 2) % (MODEL_BODY_BYTES_MAX - 120));
    return length;
}

uint32_t model_body(uint32_t table, uint32_t row, uint32_t version, uint8_t *to) {
    uint64_t seed = mix(((uint64_t)table << 56) ^ ((uint64_t)row << 32) ^ version);
    uint32_t length = body_length(seed);
    for (uint32_t at = 0; at < length; at += 8) {
        uint64_t word = mix(seed ^ mix(at));
        uint32_t left = length - at;
        memcpy(to + at, &word, left < 8 ? left : 8);
    }
    return length;
}

/* Running into the end would mean a timeline longer than the workload's own bounds. */
static void outcome_add(struct model *model, uint64_t digest) {
    if (model->outcome_count == MODEL_OUTCOMES_MAX) abort();
    model->outcomes[model->outcome_count++] = digest;
}

static void outcomes_reset(struct model *model, uint64_t digest) {
    model->outcomes[0] = digest;
    model->outcome_count = 1;
    model->outcome_live = 0;
}

static void past_add(struct model *model, uint64_t digest) {
    if (model->past_count == MODEL_OUTCOMES_MAX) abort();
    model->past[model->past_count++] = digest;
}

static bool contains(const uint64_t *digests, uint32_t count, uint64_t digest) {
    for (uint32_t i = 0; i < count; i++)
        if (digests[i] == digest) return true;
    return false;
}

void model_start(struct model *model) {
    memset(model, 0, sizeof(*model));
    outcomes_reset(model, model_digest(&model->visible));
    past_add(model, model->outcomes[0]);
}

void model_begin(struct model *model) {
    model->pending = model->visible;
    model->saved_count = 0;
}

void model_save(struct model *model) { model->saved[model->saved_count++] = model->pending; }

void model_rollback_to(struct model *model, uint32_t savepoint) {
    model->pending = model->saved[savepoint];
    model->saved_count = savepoint + 1;
}

void model_release(struct model *model, uint32_t savepoint) { model->saved_count = savepoint; }

/* A transaction that changed nothing wrote nothing, and so promised nothing anew. */
void model_acknowledge(struct model *model, enum model_promise promise) {
    uint64_t before = model_digest(&model->visible), now = model_digest(&model->pending);
    model->visible = model->pending;
    if (before == now) return;
    past_add(model, now);
    if (promise == MODEL_DURABLE)
        outcomes_reset(model, now);
    else if (promise == MODEL_LAST_MAY_VANISH)
        outcomes_reset(model, before);
    if (promise != MODEL_DURABLE) outcome_add(model, now);
    model->outcome_live = model->outcome_count - 1;
}

void model_doubt(struct model *model) { outcome_add(model, model_digest(&model->pending)); }

enum model_verdict model_observe(struct model *model, const struct model_state *found,
                                 bool power_lost) {
    uint64_t digest = model_digest(found);
    uint32_t first = power_lost ? 0 : model->outcome_live;
    bool expected = contains(model->outcomes + first, model->outcome_count - first, digest);
    bool known = contains(model->past, model->past_count, digest);
    model->visible = *found;
    if (power_lost) outcomes_reset(model, digest);
    if (expected) return MODEL_EXPECTED;
    return known ? MODEL_COMMIT_LOST : MODEL_STRANGE;
}
