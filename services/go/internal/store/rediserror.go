package store

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// plainly makes an Error of any failure of Redis; the address stays out of it, since it can hold a password.
func plainly(err error) error {
	if err == nil {
		return nil
	}
	var (
		answer redis.Error
		number syscall.Errno
		waited net.Error
	)
	switch {
	case errors.As(err, &answer):
		code, _, _ := strings.Cut(answer.Error(), " ") // NOAUTH, READONLY, OOM: what follows may tell more than it should
		return failed("Redis: %s", code)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &waited) && waited.Timeout():
		return failed("Redis: timeout")
	case errors.As(err, &number):
		return failed("Redis: %s", number.Error())
	}
	return failed("Redis: cannot be reached")
}

// silent keeps the library from writing addresses to stderr.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
