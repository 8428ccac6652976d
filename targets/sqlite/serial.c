#include "serial.h"

#include <stdlib.h>
#include <string.h>

static void set_single(struct serial *serial, struct serial_view view) {
    serial->claims[view.stamp][0] = view.digest;
    serial->claim_count[view.stamp] = 1;
}

void serial_start(struct serial *serial, struct serial_view first) {
    memset(serial->claim_count, 0, sizeof(serial->claim_count));
    if (first.stamp >= SERIAL_STAMPS_MAX) abort();
    serial->top = serial->acked = serial->durable = first.stamp;
    set_single(serial, first);
}

/* Running out would mean a timeline longer than the workload's own bounds. */
void serial_claim(struct serial *serial, struct serial_view view) {
    if (view.stamp >= SERIAL_STAMPS_MAX) abort();
    if (serial_knows(serial, view)) return;
    uint8_t *count = &serial->claim_count[view.stamp];
    if (*count == SERIAL_CLAIMS_MAX) abort();
    serial->claims[view.stamp][(*count)++] = view.digest;
    if (view.stamp > serial->top) serial->top = view.stamp;
}

void serial_withdraw(struct serial *serial, struct serial_view view) {
    uint64_t *claims = serial->claims[view.stamp];
    uint8_t *count = &serial->claim_count[view.stamp];
    for (uint32_t i = 0; i < *count; i++)
        if (claims[i] == view.digest) claims[i] = claims[--*count];
}

void serial_acknowledge(struct serial *serial, uint32_t stamp, enum model_promise promise) {
    if (stamp > serial->acked) serial->acked = stamp;
    uint32_t safe = promise == MODEL_DURABLE           ? stamp
                    : promise == MODEL_LAST_MAY_VANISH ? stamp - 1
                                                       : 0;
    if (safe > serial->durable) serial->durable = safe;
}

bool serial_knows(const struct serial *serial, struct serial_view view) {
    if (view.stamp >= SERIAL_STAMPS_MAX) return false;
    for (uint32_t i = 0; i < serial->claim_count[view.stamp]; i++)
        if (serial->claims[view.stamp][i] == view.digest) return true;
    return false;
}

void serial_settle(struct serial *serial, struct serial_view view) {
    set_single(serial, view);
    if (view.stamp > serial->acked) serial->acked = view.stamp;
}

void serial_restart(struct serial *serial, struct serial_view view, bool is_durable) {
    for (uint32_t i = view.stamp + 1; i <= serial->top && i < SERIAL_STAMPS_MAX; i++)
        serial->claim_count[i] = 0;
    serial->top = serial->acked = view.stamp;
    if (is_durable) serial->durable = view.stamp;
    set_single(serial, view);
}
