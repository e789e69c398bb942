package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The shape of the stream. A subject is "sekisho.job.<stage>.<id>.<generation>" and says all; messages have no body.
const (
	streamName    = "SEKISHO_JOBS"
	subjectPrefix = "sekisho.job."
)

// Options configures a Queue. Zero durations and sizes are the defaults.
type Options struct {
	Stages     []string      // names of the stages, as job ids are spelled: "sanitise", "send"
	Ledger     *Ledger       // asked before every handler, and counts attempts; required
	Log        *slog.Logger  // required
	MaxBytes   int64         // that the stream may hold on disk; default 64 MiB, some 300,000 messages
	Duplicates time.Duration // in which a repeated Publish of a message that is done is recognised; default 2 minutes
	Replicas   int           // copies in a cluster; default 1
	AckWait    time.Duration // after which a silent worker is taken for dead; default 30 s
	StoreWait  time.Duration // in which the server must have stored a message; default 5 s
}

func (o Options) withDefaults() Options {
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Duplicates == 0 {
		o.Duplicates = 2 * time.Minute
	}
	if o.Replicas == 0 {
		o.Replicas = 1
	}
	if o.AckWait == 0 {
		o.AckWait = 30 * time.Second
	}
	if o.StoreWait == 0 {
		o.StoreWait = 5 * time.Second
	}
	return o
}

// Queue holds the messages that say which stage of which job is to be done next. At most one message of a stage,
// job and generation is there at a time. Its methods may be called at the same time.
type Queue struct {
	js      jetstream.JetStream
	opt     Options
	running runningSet

	attaching sync.Mutex    // one consumer is made at a time
	unstored  atomic.Int32  // publishes in a row that the server did not store
	stale     chan struct{} // holds a token when the stream was begun anew, for KeepReconciled
}

// Open makes or updates the stream on the server of conn, which stays the caller's.
func Open(ctx context.Context, conn *nats.Conn, opt Options) (*Queue, error) {
	if opt.Ledger == nil || opt.Log == nil || len(opt.Stages) == 0 {
		return nil, errors.New("cannot open queue: it needs a ledger, a log and stages")
	}
	for _, s := range opt.Stages {
		if s == "" || strings.ContainsAny(s, ".*> \t\r\n") {
			return nil, fmt.Errorf("cannot open queue: stage %q is no subject token", s)
		}
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("cannot open queue: %w", err)
	}
	q := &Queue{js: js, opt: opt.withDefaults(), stale: make(chan struct{}, 1)}
	if err := q.ensure(ctx); err != nil {
		return nil, fmt.Errorf("cannot open queue: %w", err)
	}
	return q, nil
}

// ensure makes the stream, or brings it to the configured shape.
func (q *Queue) ensure(ctx context.Context) error {
	_, err := q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:        streamName,
		Description: "Sekisho: what is to be done with which job; rebuilt from the spool",
		Subjects:    []string{subjectPrefix + "*.*.*"},
		Retention:   jetstream.WorkQueuePolicy,
		Storage:     jetstream.FileStorage,
		Replicas:    q.opt.Replicas,
		MaxBytes:    q.opt.MaxBytes,
		MaxMsgSize:  4 << 10,
		// A full stream refuses what is new; the other choice would drop the oldest job without a word.
		Discard: jetstream.DiscardNew,
		// A message that is still there is not published again, however late: the reconciler may publish everything.
		MaxMsgsPerSubject:    1,
		DiscardNewPerSubject: true,
		Duplicates:           q.opt.Duplicates,
		DenyDelete:           true,
		// The asynchronous mode would acknowledge before it syncs, whatever the server's SyncAlways says.
		PersistMode: jetstream.DefaultPersistMode,
	})
	if err != nil {
		return fmt.Errorf("cannot make stream: %w", err)
	}
	return nil
}

// restart deletes the stream with all that the server keeps of it, and makes an empty one, which KeepReconciled then fills
// from the spool. Nothing is lost: the messages were never the truth.
func (q *Queue) restart(ctx context.Context) error {
	if err := q.js.DeleteStream(ctx, streamName); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("cannot delete stream: %w", err)
	}
	if err := q.ensure(ctx); err != nil {
		return err
	}
	select {
	case q.stale <- struct{}{}:
	default:
	}
	return nil
}

// The server's codes for a consumer that it cannot make because of what lies on its disk.
const (
	codeConsumerCreate = 10012
	codeConsumerStore  = 10104
)

// storeBroken reports whether the server refused a consumer because it cannot read its store.
func storeBroken(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == codeConsumerStore || api.ErrorCode == codeConsumerCreate)
}

// Publish puts the message of a stage of a job into the queue, durably when it returns. It does nothing when the message
// is there already, and when the same was published and done within the duplicate window.
func (q *Queue) Publish(ctx context.Context, stage string, id ID, generation int) error {
	_, err := q.publish(ctx, stage, id, generation, fmt.Sprintf("%s/%s/%d", stage, id, generation))
	return err
}

// publish reports whether the message was not there before. A msgID of "" is recognised as no duplicate of any other.
func (q *Queue) publish(ctx context.Context, stage string, id ID, generation int, msgID string) (fresh bool, err error) {
	if err := id.Check(); err != nil {
		return false, err
	}
	msg := nats.NewMsg(subjectPrefix + stage + "." + string(id) + "." + strconv.Itoa(generation))
	var opts []jetstream.PublishOpt
	if msgID != "" {
		opts = append(opts, jetstream.WithMsgID(msgID))
	}
	inTime, cancel := context.WithTimeout(ctx, q.opt.StoreWait)
	defer cancel()
	ack, err := q.js.PublishMsg(inTime, msg, opts...)
	if thereAlready(err) {
		return false, nil
	}
	if err != nil {
		return false, errors.Join(fmt.Errorf("cannot publish %s of job %s: %w", stage, id, err), q.notStored(ctx, err))
	}
	q.unstored.Store(0)
	return !ack.Duplicate, nil
}

// maxUnstored is how many publishes in a row may go without an answer before the stream is begun anew.
const maxUnstored = 3

// notStored counts a publish that the server did not answer. A server whose disk failed once in a sync stores nothing more
// in that block of its store, for ever, and only says so in its log; a fresh stream has fresh blocks. A server that cannot
// be reached at all does not begin one either.
func (q *Queue) notStored(ctx context.Context, err error) error {
	if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) || q.unstored.Add(1) < maxUnstored {
		return nil
	}
	q.attaching.Lock()
	defer q.attaching.Unlock()
	if q.unstored.Load() < maxUnstored {
		return nil // another was faster
	}
	q.opt.Log.Error("queue: the server stores nothing more; the stream is begun anew")
	if err := q.restart(ctx); err != nil {
		return err
	}
	q.unstored.Store(0)
	return nil
}

// thereAlready reports whether a publish was refused because the subject holds its one message. The server gives this
// refusal the code of any failure to store, and only its text tells them apart; a text that changed would make every
// repeated Publish an error, which the tests see.
func thereAlready(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && strings.Contains(api.Description, "maximum messages per subject")
}

// parseSubject is the inverse of the subject that publish makes.
func parseSubject(subject string) (stage string, id ID, generation int, err error) {
	parts := strings.Split(strings.TrimPrefix(subject, subjectPrefix), ".")
	if !strings.HasPrefix(subject, subjectPrefix) || len(parts) != 3 {
		return "", "", 0, fmt.Errorf("cannot read subject %q", subject)
	}
	generation, err = strconv.Atoi(parts[2])
	if err != nil || generation < 0 {
		return "", "", 0, fmt.Errorf("cannot read generation of subject %q", subject)
	}
	return parts[0], ID(parts[1]), generation, ID(parts[1]).Check()
}

// Depth returns how many messages of a stage wait or are being worked on.
func (q *Queue) Depth(ctx context.Context, stage string) (int, error) {
	c, err := q.js.Consumer(ctx, streamName, stage)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return q.count(ctx, stage)
	}
	if err != nil {
		return 0, fmt.Errorf("cannot find consumer: %w", err)
	}
	info, err := c.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("cannot read consumer: %w", err)
	}
	return int(info.NumPending) + info.NumAckPending, nil
}

// count counts the messages of a stage that nobody consumes yet.
func (q *Queue) count(ctx context.Context, stage string) (int, error) {
	s, err := q.js.Stream(ctx, streamName)
	if err != nil {
		return 0, fmt.Errorf("cannot find stream: %w", err)
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(subjectPrefix+stage+".>"))
	if err != nil {
		return 0, fmt.Errorf("cannot read stream: %w", err)
	}
	return len(info.State.Subjects), nil
}
