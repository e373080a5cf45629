package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"alert-threader/internal/alerts"
)

const (
	readTimeout   = 15 * time.Second // for the whole body
	shownProblems = 20
	// What is over the limit is read on for so long, thrown away: a sender that is cut off does not see the answer.
	politeness = 2 * time.Second
)

// refusal is what the sender did wrong.
type refusal struct {
	code     int
	Error    string           `json:"error"`
	Reason   string           `json:"reason,omitempty"`
	Problems []alerts.Problem `json:"problems,omitempty"`
}

// parse a body, and say what is wrong with it.
func parse(body []byte) (alerts.Webhook, *refusal) {
	webhook, problems, err := alerts.Parse(body)
	if err != nil {
		return webhook, &refusal{code: http.StatusBadRequest, Error: err.Error()}
	}
	if len(problems) > 0 {
		return webhook, &refusal{
			code:     http.StatusUnprocessableEntity,
			Error:    "the body is not a webhook of Alertmanager, version 4",
			Problems: problems[:min(len(problems), shownProblems)],
		}
	}
	return webhook, nil
}

// readBody of a request, with a limit on its size and on the time it may take.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *refusal) {
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(readTimeout))
	defer func() { _ = connection.SetReadDeadline(time.Time{}) }()
	if r.ContentLength > limit {
		return nil, tooLarge(w, r, limit)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		problem := fmt.Sprintf("the body did not come within %.0f s", readTimeout.Seconds())
		return nil, &refusal{code: http.StatusRequestTimeout, Error: problem}
	case err != nil:
		problem := "the connection was closed before the body was complete"
		return nil, &refusal{code: http.StatusBadRequest, Error: problem}
	case int64(len(body)) > limit:
		return nil, tooLarge(w, r, limit)
	}
	return body, nil
}

func tooLarge(w http.ResponseWriter, r *http.Request, limit int64) *refusal {
	if r.Header.Get("Expect") == "" { // who asks first has sent nothing
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(politeness))
		_, _ = io.CopyN(io.Discard, r.Body, 16*limit)
	}
	w.Header().Set("Connection", "close")
	problem := fmt.Sprintf("the body is larger than %d bytes (MAX_BODY_BYTES)", limit)
	return &refusal{code: http.StatusRequestEntityTooLarge, Error: problem}
}
