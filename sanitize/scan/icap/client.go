package icap

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"time"

	"sekisho/sanitize/scan"
)

var _ scan.Scanner = (*Client)(nil)

// Options say which service is asked, and how patiently.
type Options struct {
	Name string        // in configuration and record; "icap" when empty
	URL  string        // "icap://host:1344/respmod"; the port is 1344 when left out
	Dial time.Duration // patience for a connection; 0 means 5 s
	Idle time.Duration // patience for the scanner to take or give the next bytes; 0 means 120 s
}

// Client asks one service. Its methods may be called at the same time.
type Client struct {
	opts    Options
	url     string
	address string
}

// New returns a client. It does not connect.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "icap" || u.Hostname() == "" || u.User != nil {
		return nil, fmt.Errorf("cannot make ICAP client: address %q: want icap://host:port/service", o.URL)
	}
	port := u.Port()
	if port == "" {
		port = "1344" // RFC 3507 4.2
	}
	if o.Name == "" {
		o.Name = "icap"
	}
	if o.Dial <= 0 {
		o.Dial = 5 * time.Second
	}
	if o.Idle <= 0 {
		o.Idle = 120 * time.Second
	}
	return &Client{opts: o, url: u.String(), address: net.JoinHostPort(u.Hostname(), port)}, nil
}

// Name returns how the scanner is called in configuration and record.
func (c *Client) Name() string { return c.opts.Name }

// Scan has the service judge the size bytes of r.
func (c *Client) Scan(ctx context.Context, r io.Reader, size int64) (scan.Result, error) {
	d := net.Dialer{Timeout: c.opts.Dial}
	nc, err := d.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return scan.Result{}, fmt.Errorf("cannot reach ICAP service: %w", err)
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	result, err := c.ask(patient{nc, c.opts.Idle}, r, size)
	if err := errors.Join(err, ctx.Err()); err != nil {
		return scan.Result{}, err
	}
	return result, nil
}

// ask sends the file and reads the answer. A service that has seen enough answers at once, so an error of sending is
// looked at only when the answer is that the file is clean, or when there is none.
func (c *Client) ask(conn io.ReadWriter, r io.Reader, size int64) (scan.Result, error) {
	sum, sendErr := c.send(conn, r, size)
	if errors.Is(sendErr, errLength) {
		return scan.Result{}, sendErr
	}
	a, err := readAnswer(bufio.NewReader(conn), size)
	if err != nil {
		return scan.Result{}, errors.Join(sendErr, err)
	}
	result := a.judge(sum)
	if result.Clean && sendErr != nil {
		return scan.Result{}, fmt.Errorf("clean before all was taken: %w", sendErr)
	}
	return result, nil
}

// errLength says that a file was shorter or longer than it was said to be.
var errLength = errors.New("file has not the length that was said")

// chunkSize is the length of the pieces in which a file is sent, in bytes.
const chunkSize = 64 << 10

// send sends the request (RFC 3507 4.9) and returns the hash of the file.
func (c *Client) send(conn io.Writer, r io.Reader, size int64) ([sha256.Size]byte, error) {
	w := bufio.NewWriterSize(conn, chunkSize+64)
	asked := "GET http://file.invalid/file HTTP/1.1\r\nHost: file.invalid\r\n\r\n"
	answered := "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
		strconv.FormatInt(size, 10) + "\r\n\r\n"
	fmt.Fprintf(w, "RESPMOD %s ICAP/1.0\r\nHost: %s\r\nUser-Agent: Sekisho\r\nAllow: 204\r\nConnection: close\r\n", c.url, c.address)
	fmt.Fprintf(w, "Encapsulated: req-hdr=0, res-hdr=%d, res-body=%d\r\n\r\n%s%s", len(asked), len(asked)+len(answered), asked, answered)
	hash := sha256.New()
	err := sendBody(w, io.TeeReader(r, hash), size)
	if err == nil {
		err = w.Flush()
	}
	if err != nil && !errors.Is(err, errLength) {
		err = fmt.Errorf("cannot send: %w", err)
	}
	return [sha256.Size]byte(hash.Sum(nil)), err
}

// sendBody sends exactly size bytes of r in chunks, and the end.
func sendBody(w *bufio.Writer, r io.Reader, size int64) error {
	buf := make([]byte, chunkSize)
	for left := size; left > 0; {
		n := min(left, chunkSize)
		if _, err := io.ReadFull(r, buf[:n]); err != nil {
			return fmt.Errorf("%w: %d bytes missing: %w", errLength, left, err)
		}
		fmt.Fprintf(w, "%x\r\n", n) // an error of a bufio.Writer stays until Flush
		w.Write(buf[:n])
		if _, err := w.WriteString("\r\n"); err != nil {
			return err
		}
		left -= n
	}
	if n, err := io.ReadFull(r, buf[:1]); n != 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than %d bytes", errLength, size)
	}
	_, err := w.WriteString("0\r\n\r\n")
	return err
}

// patient is a connection on which every read and write has its own deadline.
type patient struct {
	net.Conn
	idle time.Duration
}

// Write implements io.Writer.
func (p patient) Write(b []byte) (int, error) {
	if err := p.SetWriteDeadline(time.Now().Add(p.idle)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}

// Read implements io.Reader.
func (p patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(p.idle)); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}
