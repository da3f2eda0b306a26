/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_ACCOUNT_PRIVATE_H
#define MEMSONDE_MODEL_ACCOUNT_PRIVATE_H

#include "base/hash_table.h"
#include "model/account.h"

/* What went away but may still be looked at. */
struct graveyard {
	struct process **processes;
	size_t process_count, process_capacity;
	struct container **containers;
	size_t container_count, container_capacity;
};

struct account_private {
	struct hash_table by_key; /* living processes */
	struct hash_table by_pid; /* the same; of one pid the newest */
	struct hash_table exited_by_key;
	struct hash_table containers; /* by runtime and id */
	struct graveyard left_now;    /* in this look, the exited list apart */
	struct graveyard left_before; /* in the look before, its exited list included */
};

/* The time of its death is the owner's to know; nothing points to it any more. */
void process__free(struct process *process);
void container__free(struct container *container);

void graveyard__bury_process(struct graveyard *graveyard, struct process *process);
void graveyard__bury_container(struct graveyard *graveyard, struct container *container);
void graveyard__empty(struct graveyard *graveyard); /* frees its dead, keeps its arrays */
void graveyard__release(struct graveyard *graveyard);

uint64_t process_key__hash(const struct process_key *key);
bool process__has_key(const void *process, const void *key); /* for hash_table__find() */

/* The list account->exited: a heap with the lowest peak first, so that of too many the
 * least is left out. */
bool exited_list__has(const struct account *account, struct process_key key);
/* The list is to hold at least one. */
void exited_list__add(struct account *account, struct process *process);
void exited_list__bury(struct account *account); /* moves all to left_before */
void exited_list__release(struct account *account);

#endif
