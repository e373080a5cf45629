package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const lockPoll = 20 * time.Millisecond

// replace a file durably.
func replace(path string, content []byte) error {
	if err := write(path+".new", content); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func write(path string, content []byte) error {
	// Left by a crash, or a link laid by someone: never written through.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// locked holds a lock file, against other processes too.
func locked(path string, deadline time.Time) (func(), error) {
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, unusable(path, err)
	}
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = lock.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = lock.Close()
			return nil, unusable(path, err)
		}
		if time.Now().After(deadline) {
			_ = lock.Close()
			return nil, failed("%s: another process has held it for %.0f s", path, claimWait.Seconds())
		}
		time.Sleep(lockPoll)
	}
}

func unusable(path string, err error) error { return failed("%s: %s", path, cause(err)) }

// cause is the system's word for it, without the path that Go puts before.
func cause(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return err.Error()
}
