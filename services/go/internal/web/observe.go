package web

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"alert-threader/internal/logs"
)

var methods = map[string]bool{
	"GET": true, "HEAD": true, "POST": true, "PUT": true, "DELETE": true, "OPTIONS": true, "PATCH": true,
}

// observed counts and times every request, and answers 500 in plain JSON when something of ours breaks. Unknown paths
// and methods share one label, so no stranger can make series without end.
func (a *App) observed(routes map[string]route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method, path := "other", "other"
		if methods[r.Method] {
			method = r.Method
		}
		found, known := routes[r.URL.Path]
		if known {
			path = r.URL.Path
		}
		watched, begun := &watcher{ResponseWriter: w}, time.Now()
		defer func() {
			a.broken(watched, method, path, recover())
			marked := syntheticMark(watched)
			if marked == nil {
				a.metrics.Requests.WithLabelValues(method, path, strconv.Itoa(watched.code)).Inc()
				a.metrics.Duration.WithLabelValues(method, path).Observe(time.Since(begun).Seconds())
			}
			logs.Debug("request", append([]any{"method", method, "path", path, "code", watched.code}, marked...)...)
		}()
		switch {
		case !known:
			reply(watched, http.StatusNotFound, map[string]string{"error": "there is no such path"})
		case r.Method != found.method:
			watched.Header().Set("Allow", found.method)
			reply(watched, http.StatusMethodNotAllowed, map[string]string{"error": "use " + found.method})
		default:
			found.handle(watched, r)
		}
	})
}

func (a *App) broken(w *watcher, method, path string, cause any) {
	if cause == nil {
		return
	}
	trace := fmt.Sprintf("%v\n%s", cause, debug.Stack())
	say := logs.Synthetic
	if !w.synthetic {
		say = logs.At
		a.metrics.Errors.WithLabelValues("internal").Inc()
	}
	say(slog.LevelError, "request failed", "method", method, "path", path, "traceback", trace)
	if w.code == 0 {
		reply(w, http.StatusInternalServerError, map[string]string{"error": "internal error, see the log"})
	}
}

// watcher remembers the code of an answer, and whether the request turned out to be a synthetic alert: no metric counts
// such a one.
type watcher struct {
	http.ResponseWriter
	code      int
	synthetic bool
}

func markSynthetic(w http.ResponseWriter) {
	if watched, ok := w.(*watcher); ok {
		watched.synthetic = true
	}
}

// syntheticMark is a field for the log, nil when the request is none.
func syntheticMark(w http.ResponseWriter) []any {
	if watched, ok := w.(*watcher); ok && watched.synthetic {
		return []any{"synthetic", true}
	}
	return nil
}

func (w *watcher) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

func (w *watcher) Write(part []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return w.ResponseWriter.Write(part)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func reply(w http.ResponseWriter, code int, content any) {
	text, _ := json.Marshal(content) // maps and structs of texts and numbers
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(code)
	_, _ = w.Write(text)
}
