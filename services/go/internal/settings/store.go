package settings

import (
	"fmt"
	"strings"
)

// store is where threads are kept: Redis when its address is there and nothing else was said, else a file.
func (r *reader) store(redis bool) (kind, path string) {
	unset := "file"
	if redis {
		unset = "redis"
	}
	kind = r.choice("THREAD_STORE", unset, "file", "redis", "memory")
	path = r.get("THREAD_STORE_FILE")
	if folders := r.getenv("STATE_DIRECTORY"); path == "" && folders != "" {
		path = strings.Split(folders, ":")[0] + "/threads.json"
	}
	if kind == "redis" && !redis {
		r.mistake("REDIS_URL: missing, THREAD_STORE is redis")
	}
	if kind == "file" && path == "" {
		r.mistake("THREAD_STORE_FILE: missing, THREAD_STORE is file")
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		r.mistake(fmt.Sprintf("THREAD_STORE_FILE='%s': must be an absolute path", path))
	}
	return kind, path
}
