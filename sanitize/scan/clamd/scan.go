package clamd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"sekisho/sanitize/scan"
)

var _ scan.Scanner = (*Client)(nil)

// chunkSize is the length of the pieces in which a file is sent, in bytes. Smaller ones are slower.
const chunkSize = 64 << 10

// Scan has the daemon judge the size bytes of r.
func (c *Client) Scan(ctx context.Context, r io.Reader, size int64) (scan.Result, error) {
	if c.opts.MaxSize > 0 && size > c.opts.MaxSize {
		return scan.Result{}, fmt.Errorf("%w: %d bytes, at most %d", scan.ErrRefused, size, c.opts.MaxSize)
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return scan.Result{}, err
	}
	defer conn.Close()
	version, err := c.fresh(ctx, conn.address)
	if err != nil {
		return scan.Result{}, err
	}
	result, err := instream(conn, r, size)
	if err := errors.Join(err, ctx.Err()); err != nil {
		return scan.Result{}, err
	}
	result.Engine, result.Signatures, result.SignedAt = version.Engine, version.Signatures, version.At
	return result, nil
}

// instream sends the file and returns what is said of it. A daemon that has enough says so at once and closes, so an
// error of sending is looked at only when there is no reply to explain it.
func instream(conn io.ReadWriter, r io.Reader, size int64) (scan.Result, error) {
	sendErr := send(conn, r, size)
	if errors.Is(sendErr, errTruncated) {
		return scan.Result{}, sendErr
	}
	reply, readErr := readReply(conn)
	broken := errors.Join(sendErr, readErr)
	if reply == "" && broken != nil {
		return scan.Result{}, broken
	}
	result, err := parseReply(reply)
	if err != nil {
		return scan.Result{}, err
	}
	if broken != nil && result.Clean {
		return scan.Result{}, fmt.Errorf("clean before all was taken: %w", broken)
	}
	return result, nil
}

// send sends the command, exactly size bytes of r, and the end.
func send(w io.Writer, r io.Reader, size int64) error {
	if _, err := io.WriteString(w, "zINSTREAM\x00"); err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	buf := make([]byte, 4+chunkSize)
	for left := size; left > 0; {
		n := min(left, chunkSize)
		if _, err := io.ReadFull(r, buf[4:4+n]); err != nil {
			return fmt.Errorf("%w: %d bytes missing: %w", errTruncated, left, err)
		}
		binary.BigEndian.PutUint32(buf, uint32(n))
		if _, err := w.Write(buf[:4+n]); err != nil {
			return fmt.Errorf("cannot send: %w", err)
		}
		left -= n
	}
	if n, err := io.ReadFull(r, buf[:1]); n != 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than %d bytes", errTruncated, size)
	}
	if _, err := w.Write([]byte{0, 0, 0, 0}); err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	return nil
}
