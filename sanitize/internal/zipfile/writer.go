package zipfile

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize"
)

// Level is the deflate level of a Writer: what zip programs use unless told otherwise.
const Level = 6

// Writer writes an archive to a stream, one entry after the other. It holds one compressed entry at a time, so that a
// header is right when it is written and nothing has to be said again after the data.
type Writer struct {
	w       io.Writer
	at      int64
	central bytes.Buffer
	count   int
	flate   *flate.Writer
	buf     bytes.Buffer
	open    *entryWriter
	err     error
}

// Header says how an entry is written.
type Header struct {
	Name     string    // UTF-8, slashes; ends in a slash for a folder
	Modified time.Time // to two seconds; outside 1980 to 2107 it is written as the start of 1980
	Store    bool      // not compressed
}

// NewWriter returns a writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// AddFile writes one entry with the fixed time.
func (w *Writer) AddFile(name string, data []byte, store bool) error {
	return w.Add(Header{Name: name, Store: store}, data)
}

// Add writes one entry. Data that deflate does not make shorter is stored.
func (w *Writer) Add(h Header, data []byte) error {
	if err := w.check(h.Name); err != nil {
		return err
	}
	body, method := data, uint16(Stored)
	if !h.Store && len(data) > 0 {
		if err := w.compress(data); err != nil {
			return err
		}
		if w.buf.Len() < len(data) {
			body, method = w.buf.Bytes(), Deflated
		}
	}
	return w.write(h, method, crc32.ChecksumIEEE(data), body, int64(len(data)))
}

func (w *Writer) compress(data []byte) error {
	f, err := w.deflater()
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return fmt.Errorf("cannot write zip: %w", err)
	}
	return nil
}

func (w *Writer) deflater() (*flate.Writer, error) {
	w.buf.Reset()
	if w.flate == nil {
		f, err := flate.NewWriter(&w.buf, Level)
		w.flate = f
		return f, err
	}
	w.flate.Reset(&w.buf)
	return w.flate, nil
}

// Create begins an entry whose content comes in pieces. It is written when it is closed, which must be before the next
// entry begins.
func (w *Writer) Create(h Header) (io.WriteCloser, error) {
	if err := w.check(h.Name); err != nil {
		return nil, err
	}
	e := &entryWriter{w: w, header: h}
	if h.Store {
		w.buf.Reset()
		e.body = &w.buf
	} else if f, err := w.deflater(); err != nil {
		return nil, fmt.Errorf("cannot write zip: %w", err)
	} else {
		e.body = f
	}
	w.open = e
	return e, nil
}

// entryWriter is one entry that is being written.
type entryWriter struct {
	w      *Writer
	header Header
	body   io.Writer
	crc    uint32
	size   int64
}

func (e *entryWriter) Write(p []byte) (int, error) {
	e.crc = crc32.Update(e.crc, crc32.IEEETable, p)
	e.size += int64(len(p))
	return e.body.Write(p)
}

func (e *entryWriter) Close() error {
	if e.w.open != e {
		return errors.New("cannot write zip: entry closed twice")
	}
	e.w.open = nil
	method := uint16(Stored)
	if !e.header.Store {
		method = Deflated
		if err := e.w.flate.Close(); err != nil {
			return fmt.Errorf("cannot write zip: %w", err)
		}
	}
	return e.w.write(e.header, method, e.crc, e.w.buf.Bytes(), e.size)
}

func (w *Writer) check(name string) error {
	switch {
	case w.err != nil:
		return w.err
	case w.open != nil:
		return errors.New("cannot write zip: the entry before is still open")
	case name == "" || len(name) > max16 || !utf8.ValidString(name) || strings.Contains(name, `\`):
		return fmt.Errorf("cannot write zip: name %q", name)
	case w.count == max16-1:
		return fmt.Errorf("cannot write zip: %w: too many entries", sanitize.ErrLimit)
	}
	return nil
}

// write writes a local header and the body, and keeps the central header for later. The archive never grows to where
// it would need zip64.
func (w *Writer) write(h Header, method uint16, crc uint32, body []byte, size int64) error {
	if w.at+localLen+int64(len(h.Name)+len(body))+int64(w.central.Len()) > max32-1<<20 || size >= max32 {
		return fmt.Errorf("cannot write zip: %w: too long for a plain archive", sanitize.ErrLimit)
	}
	var flags uint16
	if !isASCII([]byte(h.Name)) {
		flags = flagUTF8
	}
	var fields []byte // what both headers say, APPNOTE 4.4.3 to 4.4.11
	fields = le.AppendUint16(fields, 20)
	fields = le.AppendUint16(fields, flags)
	fields = le.AppendUint16(fields, method)
	fields = le.AppendUint32(fields, dosOf(h.Modified))
	fields = le.AppendUint32(fields, crc)
	fields = le.AppendUint32(fields, uint32(len(body)))
	fields = le.AppendUint32(fields, uint32(size))
	fields = le.AppendUint16(fields, uint16(len(h.Name)))
	fields = le.AppendUint16(fields, 0)

	central := append([]byte(sigCentral), 20, 0)
	central = append(central, fields...)
	central = append(central, make([]byte, 6)...) // no comment, this disk, no internal attributes
	central = le.AppendUint32(central, attributesOf(h.Name))
	central = le.AppendUint32(central, uint32(w.at))
	w.central.Write(append(central, h.Name...))

	w.count++
	w.put(append(append([]byte(sigLocal), fields...), h.Name...))
	w.put(body)
	return w.err
}

func (w *Writer) put(b []byte) {
	if w.err != nil || len(b) == 0 {
		return
	}
	n, err := w.w.Write(b)
	w.at += int64(n)
	if err != nil {
		w.err = fmt.Errorf("cannot write zip: %w", err)
	}
}

// Close writes the directory. The writer below is not closed.
func (w *Writer) Close() error {
	if w.open != nil {
		return errors.New("cannot write zip: an entry is still open")
	}
	start := w.at
	w.put(w.central.Bytes())
	record := append([]byte(sigEnd), 0, 0, 0, 0)
	record = le.AppendUint16(record, uint16(w.count))
	record = le.AppendUint16(record, uint16(w.count))
	record = le.AppendUint32(record, uint32(w.central.Len()))
	record = le.AppendUint32(record, uint32(start))
	w.put(le.AppendUint16(record, 0))
	return w.err
}

func attributesOf(name string) uint32 {
	if strings.HasSuffix(name, "/") {
		return 0x10
	}
	return 0
}

// dosEpoch is 1 January 1980, the fixed time of an entry.
const dosEpoch = 1<<21 | 1<<16

func dosOf(t time.Time) uint32 {
	if t.Year() < 1980 || t.Year() > 2107 {
		return dosEpoch
	}
	date := uint32(t.Year()-1980)<<9 | uint32(t.Month())<<5 | uint32(t.Day())
	clock := uint32(t.Hour())<<11 | uint32(t.Minute())<<5 | uint32(t.Second()/2)
	return date<<16 | clock
}
