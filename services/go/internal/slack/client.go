package slack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	maxAnswer = 1 << 20
	// When Slack says 429 and no number; its limit is about one message a second.
	defaultRetryAfter = time.Second
	longestRetryAfter = time.Hour
)

// client is the only place that makes HTTP calls: always with a timeout, a size limit and no redirects.
type client struct {
	token   string
	timeout time.Duration
	http    *http.Client
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// newClient gives each call the timeout to connect, and again to answer.
func newClient(token string, timeout time.Duration) *client {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: timeout}).DialContext,
		TLSClientConfig:       trust(),
		TLSHandshakeTimeout:   timeout,
		ResponseHeaderTimeout: timeout,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       time.Minute,
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{token, timeout, &http.Client{Transport: transport, CheckRedirect: stay}}
}

// call posts once, with no retry of its own, and makes an Error of what every kind of call fails at.
func (c *client) call(url string, payload any) (answer, error) {
	got, err := c.post(url, payload)
	switch {
	case err != nil:
		// The kind of failure only, since addresses can hold secrets.
		return answer{}, &Error{Code: fmt.Sprintf("unreachable (%s)", kind(err))}
	case got.status == http.StatusTooManyRequests:
		wait := retryAfter(got.header)
		if wait == nil {
			wait = after(defaultRetryAfter)
		}
		return answer{}, &Error{Code: "ratelimited", RetryAfter: wait}
	case got.status >= 500:
		return answer{}, &Error{Code: fmt.Sprintf("http_%d", got.status), RetryAfter: retryAfter(got.header)}
	}
	return got, nil
}

func (c *client) post(url string, payload any) (answer, error) {
	body, err := asJSON(payload)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "alert-threader")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return answer{response.StatusCode, response.Header, said}, err
}

func retryAfter(header http.Header) *time.Duration {
	seconds, err := strconv.ParseFloat(header.Get("Retry-After"), 64)
	if err != nil || seconds != seconds {
		return nil
	}
	seconds = min(max(seconds, 0), longestRetryAfter.Seconds())
	return after(time.Duration(seconds * float64(time.Second)))
}
