// The alert threader in Go: Alertmanager's webhooks in, one Slack thread for each incident out.
//
// What it does, and with which variables, is written down in services/python/README.md: both are the same from outside,
// and tests/services/conformance looks at both.
package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"alert-threader/internal/deliver"
	"alert-threader/internal/health"
	"alert-threader/internal/logs"
	"alert-threader/internal/metrics"
	"alert-threader/internal/settings"
	"alert-threader/internal/slack"
	"alert-threader/internal/store"
	"alert-threader/internal/synthetic"
	"alert-threader/internal/web"
)

// systemd knows it; RestartPreventExitStatus=78 keeps a wrong setting from restarting for ever.
const exitConfig = 78

//go:embed VERSION
var sources string

// release is the version that a release was built as (-ldflags -X); empty: what the sources say.
var release string

func main() {
	if len(os.Args) == 2 && os.Args[1] == "prepare" {
		return // whoever installs a release may ask for it; a program that is compiled has nothing to prepare
	}
	os.Exit(run())
}

func run() int {
	chosen, mistakes := settings.Load(os.Getenv)
	if len(mistakes) > 0 {
		return refuse(mistakes, exitConfig)
	}
	logs.SetUp(os.Stdout, chosen.LogLevel, chosen.Secrets(), chosen.Instance)
	identity := web.Identity{Impl: "go", Version: version(), Instance: chosen.Instance}
	to := slack.Connect(chosen)
	kept, err := store.Open(chosen)
	var apart *deliver.Deliverer
	if err == nil {
		apart, err = synthetic.Open(chosen, to)
	}
	if err != nil {
		return refuse([]string{fmt.Sprintf("THREAD_STORE=%s: %v", chosen.ThreadStore, err)}, exitConfig)
	}
	counted := metrics.New(identity.Impl, identity.Version, chosen.Instance, chosen.Environment)
	state := health.New(kept, counted)
	app := web.New(chosen, identity, deliver.New(chosen, kept, to, counted, logs.At), apart, state, counted)
	logs.Info("starting", "impl", identity.Impl, "version", identity.Version, "thread_store", chosen.ThreadStore)
	if chosen.SlackBotToken == "" {
		logs.Warning("SLACK_WEBHOOK_URL without SLACK_BOT_TOKEN: messages are posted without threads")
	}
	listener, err := web.Listen(chosen.BindHost, chosen.BindPort)
	if err != nil {
		// Not a matter of settings alone: the port may be free in a moment, so systemd should try again.
		where := fmt.Sprintf("BIND_HOST=%s BIND_PORT=%d", chosen.BindHost, chosen.BindPort)
		return refuse([]string{fmt.Sprintf("%s: cannot listen: %s", where, reason(err))}, 1)
	}
	web.Serve(app, listener, chosen, state)
	return 0
}

func version() string {
	if release != "" {
		return release
	}
	return strings.TrimSpace(sources)
}

func refuse(mistakes []string, code int) int {
	for _, mistake := range mistakes {
		fmt.Fprintf(os.Stderr, "threader: %s\n", mistake)
	}
	fmt.Fprintln(os.Stderr, "next: correct the instance's environment file, then restart the unit")
	return code
}

// reason is the system's word for a failure, with a capital letter as strerror has it.
func reason(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		text := number.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return err.Error()
}
