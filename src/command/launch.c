/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "system/file_limit.h"

static void leave_terminal(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; null_fd >= 0 && fd <= STDERR_FILENO; fd++) {
		if (isatty(fd))
			dup2(null_fd, fd);
	}
}

/* In the child: never returns. */
static void wait_and_execute(int go_fd, int error_fd, char *const argv[], bool off_screen)
{
	sigset_t none;
	char go;
	int error;

	if (read(go_fd, &go, 1) != 1)
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (off_screen)
		leave_terminal();
	file_limit__restore();
	execvp(argv[0], argv);
	error = errno;
	if (write(error_fd, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

int launch__prepare(struct launch *launch, char *const argv[], bool off_screen)
{
	int go[2], error[2];

	if (pipe2(go, O_CLOEXEC)) {
		log_error("pipe: %s", strerror(errno));
		return -errno;
	}
	if (pipe2(error, O_CLOEXEC)) {
		log_error("pipe: %s", strerror(errno));
		close(go[0]);
		close(go[1]);
		return -errno;
	}
	launch->pid = fork();
	if (launch->pid == 0) {
		close(go[1]);
		close(error[0]);
		wait_and_execute(go[0], error[1], argv, off_screen);
	}
	close(go[0]);
	close(error[1]);
	launch->go_fd = go[1];
	launch->error_fd = error[0];
	if (launch->pid > 0)
		return 0;
	log_error("fork: %s", strerror(errno));
	close(launch->go_fd);
	close(launch->error_fd);
	return -EAGAIN;
}

static void close_pipes(struct launch *launch)
{
	close(launch->go_fd);
	close(launch->error_fd);
}

int launch__go(struct launch *launch, const char *name)
{
	int error = 0;
	ssize_t got = -1;

	if (write(launch->go_fd, "g", 1) == 1)
		got = read(launch->error_fd, &error, sizeof(error));
	close_pipes(launch);
	if (got == 0) {			  /* the exec closed it */
		signal(SIGCHLD, SIG_IGN); /* its end is seen by BPF; nobody waits for it */
		return 0;
	}
	waitpid(launch->pid, NULL, 0);
	if (got != sizeof(error))
		error = EIO;
	log_error("cannot run '%s': %s", name, strerror(error));
	return -error;
}

void launch__cancel(struct launch *launch)
{
	close_pipes(launch);
	waitpid(launch->pid, NULL, 0);
}
