package nats

import (
	"fmt"
	"log/slog"
	"sync"
)

// logger passes what the server logs to slog: warnings as they are, notices as debug. It keeps the last error, which says
// why a start failed.
type logger struct {
	log   *slog.Logger
	mu    sync.Mutex
	err   string
	fatal bool
}

func (l *logger) Noticef(format string, v ...any) {
	l.log.Debug("queue server", "msg", fmt.Sprintf(format, v...))
}

func (l *logger) Warnf(format string, v ...any) {
	l.log.Warn("queue server", "msg", fmt.Sprintf(format, v...))
}

func (l *logger) Errorf(format string, v ...any) { l.keep(fmt.Sprintf(format, v...), false) }
func (l *logger) Fatalf(format string, v ...any) { l.keep(fmt.Sprintf(format, v...), true) }
func (l *logger) Debugf(string, ...any)          {}
func (l *logger) Tracef(string, ...any)          {}

func (l *logger) keep(msg string, fatal bool) {
	l.log.Error("queue server", "msg", msg)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = msg
	l.fatal = l.fatal || fatal
}

// dead reports whether the server said that it gives up. It goes on running then, without serving anybody.
func (l *logger) dead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

// last returns the last error, or "no reason given".
func (l *logger) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == "" {
		return "no reason given"
	}
	return l.err
}
