/* The replicated state machine: a few registers, and what each client's last command gave. */
#include "raft.h"

static int32_t change(int32_t *value, const struct entry *entry) {
    switch (entry->operation) {
    case FV_OP_WRITE: return *value = entry->value;
    case FV_OP_ADD: return *value += entry->value;
    case FV_OP_SWAP:
        if (*value != entry->expected) return 0;
        *value = entry->value;
        return 1;
    default: return 0;
    }
}

int32_t machine_apply(struct machine *machine, const struct entry *entry) {
    struct session *session = &machine->sessions[entry->client];
    if (entry->kind != ENTRY_COMMAND) return 0;
    if (entry->sequence <= session->sequence) return session->result;
    session->result = change(&machine->values[entry->key], entry);
    session->sequence = entry->sequence;
    return session->result;
}
