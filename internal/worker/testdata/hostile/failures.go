package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

func failures() map[string]func(ctx context.Context, out io.Writer) error {
	return map[string]func(ctx context.Context, out io.Writer) error{
		"panic":           func(context.Context, io.Writer) error { panic("as asked") },
		"goroutine-panic": func(context.Context, io.Writer) error { go panic("as asked"); select {} },
		"loop":            func(context.Context, io.Writer) error { return loop() },
		"loop-all":        func(context.Context, io.Writer) error { go loop(); return loop() },
		"obey-deadline":   func(ctx context.Context, _ io.Writer) error { <-ctx.Done(); return ctx.Err() },
		"exit":            func(context.Context, io.Writer) error { os.Exit(0); return nil },
		"overflow":        func(context.Context, io.Writer) error { return fmt.Errorf("%d", overflow(1)) },
		"allocate":        func(context.Context, io.Writer) error { return allocate() },
		"allocate-once":   func(context.Context, io.Writer) error { return allocateOnce() },
		"flood-stderr":    func(context.Context, io.Writer) error { return floodStderr() },
		"garbage":         func(context.Context, io.Writer) error { return say("\x00\x00\x00\x04{]{]") },
		"huge-response":   func(context.Context, io.Writer) error { return say("\xff\xff\xff\xff{") },
		"unknown-field":   func(context.Context, io.Writer) error { return sayJSON(`{"type":"x","secret":1}`) },
		"bad-rule":        func(context.Context, io.Writer) error { return sayJSON(badRule) },
		"bad-kind":        func(context.Context, io.Writer) error { return sayJSON(`{"failed":true,"kind":"fine"}`) },
		"silent":          func(context.Context, io.Writer) error { syscall.Close(wire.ControlFD); return loop() },
		"write-much":      writeMuch,
		"half": func(_ context.Context, out io.Writer) error {
			io.WriteString(out, strings.Repeat("half", 1<<16))
			select {} // until it is killed
		},
		"encrypted": func(context.Context, io.Writer) error {
			return fmt.Errorf("%w: needs a password", sanitize.ErrEncrypted)
		},
		"transient": func(context.Context, io.Writer) error { return sanitize.Transient(io.ErrShortWrite) },
	}
}

const badRule = `{"type":"x","findings":[{"rule":"pdf/<script>","action":"removed","where":"","count":1}]}`

func loop() error {
	for n := 0; ; n++ {
		if n < 0 {
			return nil
		}
	}
}

func overflow(n int) int { return overflow(n+1) + 1 }

func allocate() error {
	var all [][]byte
	for {
		all = append(all, bytes.Repeat([]byte{1}, 1<<20))
		runtime.KeepAlive(all)
	}
}

func allocateOnce() error {
	b := make([]byte, 14<<30)
	b[1<<30] = 1
	return fmt.Errorf("got %d bytes", len(b))
}

func floodStderr() error {
	line := bytes.Repeat([]byte("flood "), 1000)
	for range 5000 {
		os.Stderr.Write(line)
	}
	panic("after the flood")
}

func say(s string) error {
	if _, err := syscall.Write(wire.ControlFD, []byte(s)); err != nil {
		return err
	}
	time.Sleep(time.Hour)
	return nil
}

func sayJSON(s string) error {
	return say(string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s)
}

func writeMuch(_ context.Context, out io.Writer) error {
	block := make([]byte, 1<<20)
	for range 64 << 10 { // 64 GiB
		if _, err := out.Write(block); err != nil {
			return err
		}
	}
	return nil
}
