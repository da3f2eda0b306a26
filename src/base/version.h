/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_BASE_VERSION_H
#define MEMSONDE_BASE_VERSION_H

#define MEMSONDE_VERSION "0.1.0"

#endif
