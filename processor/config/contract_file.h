/* One file, one tenant's agreement: every key of it read, checked, and told when wrong. */
#pragma once

#include "config/arena.h"
#include "config/fault.h"
#include "core/contract.h"

/* Where a contract was read, for faults that concern several. */
struct contract_file {
    const char *name;   /* stands in the faults */
    int tenant_line;    /* 0: there is no tenant */
    int effective_line; /* 0: it holds always */
};

/* Reads the file's text; what is right of it is in *c, whose memory is the arena's. */
void contract_file_read_text(struct slice text, struct contract_file *file, struct arena *arena,
                             struct contract *c, struct faults *faults);
