package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"sekisho/internal/config"
	"sekisho/internal/durable"
)

// Treatment on another machine. The gateway keeps the file, the job and the record; a worker is a bench that is reached
// over NATS and keeps nothing. Whatever goes wrong on the way is an error of this attempt, and the job is tried again.
//
//	gateway                                            worker (one of the queue group)
//	request treatSubject {order, size}     ──────────► takes it; answers with a subject of its own
//	request <subject> chunk, chunk, … ""   ──────────► scratch file; each is acknowledged
//	                                                   treats it; meanwhile answers "wait" to
//	request <subject> "next"               ──────────► … then {treated}, then chunk, chunk, … ""
const treatSubject = "sekisho.treat"

const (
	chunkSize   = 512 << 10        // below the server's default limit of 1 MiB a message
	chunkWait   = 10 * time.Second // for one answer
	pollPause   = 200 * time.Millisecond
	headerAsk   = "Sekisho-Ask"
	askChunk    = "chunk"
	askResult   = "result"
	askOutput   = "output"
	headerWait  = "Sekisho-Wait"
	headerError = "Sekisho-Error"
)

// treater treats files: here, or on another machine.
type treater interface {
	treat(ctx context.Context, o order, in, out *os.File) (treated, error)
}

var (
	_ treater = (*bench)(nil)
	_ treater = (*remote)(nil)
)

// remoteOrder begins a treatment on another machine.
type remoteOrder struct {
	Order order `json:"order"`
	Size  int64 `json:"size"`
}

// remote is the gateway's side.
type remote struct{ conn *nats.Conn }

func (r *remote) treat(ctx context.Context, o order, in, out *os.File) (treated, error) {
	var t treated
	info, err := in.Stat()
	if err != nil {
		return t, fmt.Errorf("cannot send file to a worker: %w", err)
	}
	begin, err := json.Marshal(remoteOrder{Order: o, Size: info.Size()})
	if err != nil {
		return t, fmt.Errorf("cannot send file to a worker: %w", err)
	}
	first, err := r.ask(ctx, treatSubject, askChunk, begin)
	if err != nil {
		return t, err
	}
	subject := string(first.Data)
	if err := r.upload(ctx, subject, in, info.Size()); err != nil {
		return t, err
	}
	if t, err = r.result(ctx, subject); err != nil {
		return t, err
	}
	if t.Version != o.Version { // a worker of before there were versions: it would keep what people chose to drop
		return treated{}, errors.New("cannot take file from a worker: it does not follow the policies in force; update it")
	}
	if t.Reason != "" {
		return t, nil
	}
	if err := r.download(ctx, subject, out, t.Size); err != nil {
		return t, err
	}
	sum, err := hashFile(out)
	if err == nil && sum != t.Rebuilt {
		err = errors.New("cannot take file from a worker: other bytes than it judged")
	}
	return t, err
}

// ask sends one message and returns the answer.
func (r *remote) ask(ctx context.Context, subject, what string, data []byte) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, chunkWait)
	defer cancel()
	m := nats.NewMsg(subject)
	m.Header.Set(headerAsk, what)
	m.Data = data
	answer, err := r.conn.RequestMsgWithContext(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("cannot reach a worker: %w", err)
	}
	if text := answer.Header.Get(headerError); text != "" {
		return nil, fmt.Errorf("worker: %s", text)
	}
	return answer, nil
}

func (r *remote) upload(ctx context.Context, subject string, in *os.File, size int64) error {
	from := io.NewSectionReader(in, 0, size)
	chunk := make([]byte, chunkSize)
	for {
		n, err := io.ReadFull(from, chunk)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return fmt.Errorf("cannot send file to a worker: %w", err)
		}
		if _, err := r.ask(ctx, subject, askChunk, chunk[:n]); err != nil || n == 0 {
			return err
		}
	}
}

// result waits until the worker has treated the file.
func (r *remote) result(ctx context.Context, subject string) (treated, error) {
	for {
		answer, err := r.ask(ctx, subject, askResult, nil)
		if err != nil {
			return treated{}, err
		}
		if answer.Header.Get(headerWait) == "" {
			var t treated
			if err := json.Unmarshal(answer.Data, &t); err != nil {
				return treated{}, fmt.Errorf("cannot read a worker's answer: %w", err)
			}
			return t, nil
		}
		select {
		case <-ctx.Done():
			return treated{}, ctx.Err()
		case <-time.After(pollPause):
		}
	}
}

func (r *remote) download(ctx context.Context, subject string, out *os.File, size int64) error {
	var got int64
	for {
		answer, err := r.ask(ctx, subject, askOutput, nil)
		if err != nil {
			return err
		}
		if len(answer.Data) == 0 {
			break
		}
		if got += int64(len(answer.Data)); got > size {
			return errors.New("cannot take file from a worker: longer than it said")
		}
		if _, err := out.Write(answer.Data); err != nil {
			return fmt.Errorf("cannot take file from a worker: %w", err)
		}
	}
	if got != size {
		return errors.New("cannot take file from a worker: shorter than it said")
	}
	return nil
}

// Worker treats files for a gateway on another machine.
type Worker struct {
	bench *bench
	conn  *nats.Conn
	slots chan struct{}
	log   *slog.Logger
}

// OpenWorker connects to the queue and starts the children.
func OpenWorker(cfg config.Gateway, o Options) (*Worker, error) {
	slots := cfg.Workers
	if slots <= 0 {
		slots = runtime.NumCPU()
	}
	b, err := openBench(cfg, o, slots+1)
	if err != nil {
		return nil, err
	}
	conn, err := dialQueue(cfg.Queue, o.Log)
	if err != nil {
		return nil, errors.Join(err, b.pool.Close())
	}
	return &Worker{bench: b, conn: conn, slots: make(chan struct{}, slots), log: o.Log}, nil
}

// Close ends the children and the connection.
func (w *Worker) Close() error {
	w.conn.Close()
	return w.bench.pool.Close()
}

// Run takes orders until ctx ends. It takes no more at a time than it has slots, so that an order goes to a worker
// that has room.
func (w *Worker) Run(ctx context.Context) error {
	sub, err := w.conn.QueueSubscribeSync(treatSubject, "workers")
	if err != nil {
		return fmt.Errorf("cannot take orders: %w", err)
	}
	defer sub.Unsubscribe() // the connection is closed soon in any case
	var all sync.WaitGroup
	defer all.Wait()
	for {
		select {
		case w.slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("cannot take orders: %w", err)
		}
		all.Go(func() {
			defer func() { <-w.slots }()
			if err := w.serve(ctx, m); err != nil {
				w.log.Error("cannot finish an order", "error", err)
			}
		})
	}
}

// serve does one order.
func (w *Worker) serve(ctx context.Context, first *nats.Msg) error {
	var o remoteOrder
	if err := json.Unmarshal(first.Data, &o); err != nil {
		return fmt.Errorf("cannot read order: %w", err)
	}
	s := &session{worker: w, order: o, subject: w.conn.NewRespInbox()}
	sub, err := w.conn.SubscribeSync(s.subject)
	if err != nil {
		return fmt.Errorf("cannot begin order: %w", err)
	}
	defer sub.Unsubscribe() // nothing is lost: the order is over
	s.sub = sub
	if s.in, err = durable.Scratch(""); err != nil {
		return err
	}
	defer s.in.Close()
	if s.out, err = durable.Scratch(""); err != nil {
		return err
	}
	defer s.out.Close()
	if err := first.Respond([]byte(s.subject)); err != nil {
		return fmt.Errorf("cannot answer: %w", err)
	}
	return s.run(ctx)
}

// session is one order in work.
type session struct {
	worker  *Worker
	order   remoteOrder
	subject string
	sub     *nats.Subscription
	in, out *os.File
}

func (s *session) run(ctx context.Context) error {
	if err := s.receive(ctx); err != nil {
		return err
	}
	type answer struct {
		t   treated
		err error
	}
	ctx, cancel := context.WithCancel(ctx) // a gateway that went away ends the work
	defer cancel()
	done := make(chan answer, 1)
	go func() {
		t, err := s.worker.bench.treat(ctx, s.order.Order, s.in, s.out)
		done <- answer{t, err}
	}()
	for {
		m, err := s.next(ctx)
		if err != nil {
			return err
		}
		select {
		case a := <-done:
			return s.deliver(ctx, m, a.t, a.err)
		default:
			wait := nats.NewMsg("")
			wait.Header.Set(headerWait, "1")
			if err := m.RespondMsg(wait); err != nil {
				return fmt.Errorf("cannot answer: %w", err)
			}
		}
	}
}

// next returns the gateway's next message, or an error when it is silent for too long.
func (s *session) next(ctx context.Context) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, chunkWait)
	defer cancel()
	m, err := s.sub.NextMsgWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("the gateway went away: %w", err)
	}
	return m, nil
}

// receive takes the file in.
func (s *session) receive(ctx context.Context) error {
	var got int64
	for {
		m, err := s.next(ctx)
		if err != nil {
			return err
		}
		got += int64(len(m.Data))
		if got > s.order.Size || len(m.Data) == 0 && got != s.order.Size {
			return errors.New("cannot take file: not as long as its order says")
		}
		if _, err := s.in.Write(m.Data); err != nil {
			return fmt.Errorf("cannot take file: %w", err)
		}
		if err := m.Respond(nil); err != nil {
			return fmt.Errorf("cannot answer: %w", err)
		}
		if len(m.Data) == 0 {
			return nil
		}
	}
}

// deliver answers m with what was found, and gives the rebuilt file out.
func (s *session) deliver(ctx context.Context, m *nats.Msg, t treated, failed error) error {
	answer := nats.NewMsg("")
	if failed != nil {
		answer.Header.Set(headerError, failed.Error())
		return errors.Join(failed, m.RespondMsg(answer))
	}
	var err error
	if answer.Data, err = json.Marshal(t); err != nil {
		return fmt.Errorf("cannot answer: %w", err)
	}
	if err := m.RespondMsg(answer); err != nil || t.Reason != "" {
		return err
	}
	from := io.NewSectionReader(s.out, 0, t.Size)
	chunk := make([]byte, chunkSize)
	for {
		m, err := s.next(ctx)
		if err != nil {
			return err
		}
		n, err := io.ReadFull(from, chunk)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return fmt.Errorf("cannot give file out: %w", err)
		}
		if err := m.Respond(chunk[:n]); err != nil || n == 0 {
			return err
		}
	}
}
