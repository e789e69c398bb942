// Package benchtest measures benchmarks by the time that processors worked for them, which others on the same machine
// change little.
package benchtest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"
)

// PerCore begins to measure. What it returns ends that, and reports size bytes an iteration as MB/s-a-core: by the user and
// system time of the process, collection of garbage included.
func PerCore(b *testing.B, size int) func() {
	before := spent(b)
	return func() {
		b.ReportMetric(float64(size)*float64(b.N)/1e6/(spent(b)-before).Seconds(), "MB/s-a-core")
	}
}

func spent(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// Sheet returns the XML of a sheet as Excel writes it, 8 MB long.
func Sheet() []byte {
	var b bytes.Buffer
	b.WriteString(`<x:worksheet xmlns:x="urn:x" xmlns:r="urn:r"><x:sheetData>`)
	for i := range 50000 {
		fmt.Fprintf(&b, `<x:row r="%d" spans="1:3"><x:c r="A%d" s="3" t="s"><x:v>%d</x:v></x:c><x:c r="B%d"><x:is><x:t>東京都千代田区 %d</x:t></x:is></x:c></x:row>`, i, i, i, i, i)
	}
	b.WriteString(`</x:sheetData></x:worksheet>`)
	return b.Bytes()
}

// Standard measures encoding/xml reading Sheet: the peer of our readers.
func Standard(b *testing.B) {
	Reading(b, func(doc []byte) error {
		for d := xml.NewDecoder(bytes.NewReader(doc)); ; {
			if _, err := d.Token(); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
		}
	})
}

// Reading measures what read takes for Sheet.
func Reading(b *testing.B, read func(doc []byte) error) {
	doc := Sheet()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	defer PerCore(b, len(doc))()
	for b.Loop() {
		if err := read(doc); err != nil {
			b.Fatal(err)
		}
	}
}
