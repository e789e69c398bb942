package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"sekisho/sanitize"
)

// Version of the language. A pool and a child of different versions do not work together.
const Version = 1

// ControlFD is the number of the descriptor of the child's end of the socket pair.
const ControlFD = 3

// Bounds of the messages, in bytes. A request must fit in a socket buffer at once.
const (
	MaxRequest  = 64 << 10
	MaxResponse = 4 << 20
)

// Mode is what a child is asked to do.
type Mode string

// The modes.
const (
	Rebuild  Mode = "rebuild"
	Verify   Mode = "verify"
	Identify Mode = "identify"
	Draw     Mode = "draw"
)

// Request asks for one piece of work. Names and passwords are bytes: they need not be valid UTF-8.
type Request struct {
	Mode      Mode            `json:"mode"`
	Size      int64           `json:"size"`  // of the input
	Procs     int             `json:"procs"` // processors to use at a time
	Name      []byte          `json:"name"`
	Format    string          `json:"format"`
	Policy    sanitize.Policy `json:"policy"`
	Passwords [][]byte        `json:"passwords"`
}

// ProcessorTime is what a child may use of its processors for a run of the given time, in whole seconds, as the kernel counts
// them (RLIMIT_CPU).
func ProcessorTime(run time.Duration, procs int) time.Duration {
	return (run/time.Second + 1) * time.Second * time.Duration(procs)
}

// Response answers a Request.
type Response struct {
	Type      string             `json:"type"`
	Output    string             `json:"output"`
	Findings  []sanitize.Finding `json:"findings"`
	Failed    bool               `json:"failed"`
	Kind      Kind               `json:"kind"` // of the failure
	Text      string             `json:"text"` // of the failure
	Transient bool               `json:"transient"`
}

// Encode returns v as a message of at most limit bytes.
func Encode(v any, limit int) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("cannot encode message: %w", err)
	}
	if len(body) > limit {
		return nil, fmt.Errorf("cannot encode message: %d bytes, at most %d", len(body), limit)
	}
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body))), body...), nil
}

// Decode reads one message of at most limit bytes into v. Unknown fields and anything after the object are errors.
func Decode(r io.Reader, limit int, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return fmt.Errorf("cannot read message: %w", err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if int64(n) > int64(limit) {
		return fmt.Errorf("cannot read message: %d bytes, at most %d", n, limit)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return fmt.Errorf("cannot read message: %w", err)
	}
	return decodeStrict(body, v)
}

func decodeStrict(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("cannot decode message: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("cannot decode message: bytes after its end")
	}
	return nil
}
