/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/stop_signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t stop_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return set;
}

int stop_signals__open(struct stop_signals *signals)
{
	sigset_t set = stop_set();
	int error;

	*signals = (struct stop_signals){.fd = -1};
	if (sigprocmask(SIG_BLOCK, &set, &signals->old_mask))
		return -errno;
	signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->fd >= 0)
		return 0;
	error = -errno;
	sigprocmask(SIG_SETMASK, &signals->old_mask, NULL);
	return error;
}

bool stop_signals__arrived(struct stop_signals *signals)
{
	struct signalfd_siginfo info;
	sigset_t set = stop_set();

	if (signals->arrived)
		return true;
	if (read(signals->fd, &info, sizeof(info)) != sizeof(info))
		return false;
	signals->arrived = true;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return true;
}

void stop_signals__close(struct stop_signals *signals)
{
	if (signals->fd < 0)
		return;
	close(signals->fd);
	signals->fd = -1;
	sigprocmask(SIG_SETMASK, &signals->old_mask, NULL);
}
