/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages by userfaultfd: the twin makes one for its own memory and hands it over. Who touches
 * a missing page sleeps in the fault until the page has been copied there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "twin/deliveries.h"

#define SETUP_TIMEOUT_MS 2000

static int new_userfault_fd(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	int error;

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd < 0 ? -errno : fd;
}

static bool is_possible(void)
{
	int fd = new_userfault_fd();

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* --- descriptors over a socket --- */

union fd_message {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* Sends the error in place of a descriptor when fd is below 0. */
static void send_fd(int socket, int fd)
{
	union fd_message control = {0};
	int error = fd < 0 ? -fd : 0;
	struct iovec data = {.iov_base = &error, .iov_len = sizeof(error)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &fd, sizeof(fd));
	}
	sendmsg(socket, &message, MSG_NOSIGNAL);
}

static int receive_fd(int socket)
{
	union fd_message control = {0};
	int error = 0, fd = -1;
	struct iovec data = {.iov_base = &error, .iov_len = sizeof(error)};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct pollfd poll_fd = {.fd = socket, .events = POLLIN};

	if (poll(&poll_fd, 1, SETUP_TIMEOUT_MS) <= 0)
		return -ETIME;
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != sizeof(error))
		return -EPROTO;
	if (error)
		return -error;
	if (!CMSG_FIRSTHDR(&message) || CMSG_FIRSTHDR(&message)->cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static int prepare(int socket)
{
	int fd = new_userfault_fd();

	send_fd(socket, fd);
	return fd;
}

static int attach(struct twin_process *process, int socket)
{
	process->userfault_fd = receive_fd(socket);
	return process->userfault_fd < 0 ? process->userfault_fd : 0;
}

static void detach(struct twin_process *process)
{
	if (process->userfault_fd >= 0)
		close(process->userfault_fd);
	process->userfault_fd = -1;
}

/* --- pages --- */

/* Waits for a page fault or the end: 0, or -errno as wait_for_fault(). */
static int sleep_until_event(struct twin_process *process, int64_t timeout_ns)
{
	struct pollfd fds[] = {
		{.fd = process->userfault_fd, .events = POLLIN},
		{.fd = process->pid_fd, .events = POLLIN},
	};
	struct timespec timeout = {.tv_sec = timeout_ns / 1000000000,
				   .tv_nsec = timeout_ns % 1000000000};
	int events = ppoll(fds, 2, &timeout, NULL);

	if (events < 0)
		return -errno;
	if (!events)
		return -ETIME;
	return fds[1].revents && !(fds[0].revents & POLLIN) ? -ECHILD : 0;
}

static int wait_for_fault(struct twin_process *process, int64_t timeout_ns, uint64_t *address)
{
	struct uffd_msg message;
	int error = 0;

	/* mostly it has run already, as soon as it was woken, up to the next fault */
	while (!error) {
		ssize_t got = read(process->userfault_fd, &message, sizeof(message));

		if (got == sizeof(message) && message.event == UFFD_EVENT_PAGEFAULT) {
			*address = message.arg.pagefault.address;
			return 0;
		}
		if (got < 0 && errno != EAGAIN)
			error = -errno;
		else if (got < 0)
			error = sleep_until_event(process, timeout_ns);
	}
	return error;
}

static int fill(struct twin_process *process, uint64_t address, size_t pages, const char *data)
{
	uint64_t done = 0, bytes = pages * process->page_bytes;

	while (done < bytes) {
		struct uffdio_copy copy = {
			.dst = address + done,
			.src = (uint64_t)(uintptr_t)(data + done),
			.len = bytes - done,
		};

		if (!ioctl(process->userfault_fd, UFFDIO_COPY, &copy))
			return 0;
		if (copy.copy > 0)
			done += (uint64_t)copy.copy;
		else if (errno == EEXIST)
			done += process->page_bytes;
		else if (errno != EAGAIN)
			return -errno;
	}
	return 0;
}

static int fill_bell(struct twin_process *process, uint64_t address)
{
	struct uffdio_zeropage zero = {.range = {.start = address, .len = process->page_bytes}};

	return ioctl(process->userfault_fd, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}

const struct page_delivery userfault_delivery = {
	.name = "userfaultfd",
	.kind = DELIVERY_USERFAULT,
	.is_possible = is_possible,
	.prepare = prepare,
	.attach = attach,
	.detach = detach,
	.wait = wait_for_fault,
	.fill = fill,
	.fill_bell = fill_bell,
};
