/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_STUB_CODE_H
#define MEMSONDE_TWIN_STUB_CODE_H

/* What stub/ was linked to: position independent, entered at its first byte. */
extern const char twin_stub_code[], twin_stub_code_end[];

#endif
