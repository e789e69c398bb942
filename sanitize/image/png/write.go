package png

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zlib"
)

// chunkWriter writes chunks. The first error stays.
type chunkWriter struct {
	out io.Writer
	err error
}

func (w *chunkWriter) write(kind string, parts ...[]byte) {
	n := 0
	for _, b := range parts {
		n += len(b)
	}
	head := append(binary.BigEndian.AppendUint32(nil, uint32(n)), kind...)
	crc := crc32.ChecksumIEEE(head[4:])
	w.raw(head)
	for _, b := range parts {
		crc = crc32.Update(crc, crc32.IEEETable, b)
		w.raw(b)
	}
	w.raw(binary.BigEndian.AppendUint32(nil, crc))
}

func (w *chunkWriter) raw(b []byte) {
	if w.err == nil && len(b) > 0 {
		_, w.err = w.out.Write(b)
	}
}

// pixelWriter cuts a pixel stream into chunks of the same size.
type pixelWriter struct {
	*chunkWriter
	kind     string
	sequence *uint32 // before the data of fdAT
	buf      []byte
}

// pixelChunk is the size of a chunk of pixels: large enough to cost nothing, small enough to be kept.
const pixelChunk = 256 << 10

func (w *pixelWriter) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(len(rest), pixelChunk-len(w.buf))
		w.buf = append(w.buf, rest[:n]...)
		if rest = rest[n:]; len(w.buf) == pixelChunk {
			w.flush()
		}
	}
	return len(b), w.err
}

func (w *pixelWriter) flush() {
	if len(w.buf) == 0 {
		return
	}
	if w.kind == "fdAT" {
		w.write(w.kind, binary.BigEndian.AppendUint32(nil, *w.sequence), w.buf)
		*w.sequence++
	} else {
		w.write(w.kind, w.buf)
	}
	w.buf = w.buf[:0]
}

// level is that of deflate. The next one gains a hundredth and takes, on some pictures, a hundred times as long; the
// one before makes drawings and screens larger than they were.
const level = 8

// pixelsOf writes the pixel streams of all frames.
type pixelsOf struct {
	rows
	out      *chunkWriter
	deflate  *zlib.Writer
	buf      []byte
	sequence uint32
}

// write writes the whole picture, PNG 5.6.
func (p *picture) write(ctx context.Context, out io.Writer) error {
	w := &chunkWriter{out: out}
	px := pixelsOf{rows: rows{picture: p, buf: make([]byte, 32<<10)}, out: w}
	if p.colour == colourPalette {
		if err := px.arrangePalette(ctx); err != nil {
			return err
		}
	}
	w.raw([]byte(signature))
	w.write("IHDR", p.header())
	if err := p.writeAncillary(w); err != nil {
		return err
	}
	if err := px.writeAll(ctx); err != nil {
		return err
	}
	w.write("IEND")
	return w.err
}

// arrangePalette reads all pixels once to see which entries they use.
func (px *pixelsOf) arrangePalette(ctx context.Context) error {
	n := px.rowBytes(px.width)
	px.row, px.last, px.used = make([]byte, n), make([]byte, n), new([256]bool)
	if err := px.copy(ctx, px.main, px.width, px.height, io.Discard); err != nil {
		return err
	}
	for _, f := range px.frames {
		if f.data != nil {
			w, h := f.size()
			if err := px.copy(ctx, f.data, int(w), int(h), io.Discard); err != nil {
				return err
			}
		}
	}
	for b, seen := range px.packed {
		if seen {
			px.see(byte(b), 8)
		}
	}
	for i, used := range px.used {
		if used && i >= len(px.palette) {
			return errPalette
		}
	}
	px.remap = px.arrange(px.used)
	return nil
}

// writeAncillary writes what stands before the pixels, in the order of PNG table 7.
func (p *picture) writeAncillary(w *chunkWriter) error {
	if profile := p.ancillary["iCCP"]; profile != nil {
		var packed bytes.Buffer
		z, err := zlib.NewWriterLevel(&packed, zlib.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(profile); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		w.write("iCCP", []byte(profileName+"\x00\x00"), packed.Bytes())
	}
	p.writeKept(w, "cHRM", "gAMA", "cICP", "sRGB", "sBIT")
	if p.colour == colourPalette {
		p.writePalette(w)
	}
	p.writeKept(w, "tRNS", "bKGD", "pHYs")
	if p.frames != nil {
		w.write("acTL", binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(len(p.frames))), p.plays))
	}
	return nil
}

func (p *picture) writeKept(w *chunkWriter, kinds ...string) {
	for _, kind := range kinds {
		if b, ok := p.ancillary[kind]; ok {
			w.write(kind, b)
		}
	}
}

func (p *picture) writePalette(w *chunkWriter) {
	var b []byte
	for _, c := range p.palette {
		b = append(b, c.r, c.g, c.b)
	}
	w.write("PLTE", b)
	if alpha := p.transparency(); alpha != nil {
		w.write("tRNS", alpha)
	}
	if p.background >= 0 {
		w.write("bKGD", []byte{byte(p.background)})
	}
}

// writeAll writes the main picture and the frames.
func (px *pixelsOf) writeAll(ctx context.Context) error {
	mainWritten := false
	for _, f := range px.frames {
		w, h := f.size()
		if f.data != nil && !mainWritten { // the main picture is no part of the animation
			if err := px.writeStream(ctx, "IDAT", px.main, px.width, px.height); err != nil {
				return err
			}
			mainWritten = true
		}
		px.out.write("fcTL", binary.BigEndian.AppendUint32(nil, px.sequence), f.control)
		px.sequence++
		kind, stream := "fdAT", f.data
		if f.data == nil {
			kind, stream, mainWritten = "IDAT", px.main, true
		}
		if err := px.writeStream(ctx, kind, stream, int(w), int(h)); err != nil {
			return err
		}
	}
	if mainWritten {
		return nil
	}
	return px.writeStream(ctx, "IDAT", px.main, px.width, px.height)
}

// writeStream writes one picture.
func (px *pixelsOf) writeStream(ctx context.Context, kind string, stream [][]byte, w, h int) error {
	out := &pixelWriter{chunkWriter: px.out, kind: kind, sequence: &px.sequence, buf: px.buf[:0]}
	if px.deflate == nil {
		var err error
		if px.deflate, err = zlib.NewWriterLevel(out, level); err != nil {
			return err
		}
	} else {
		px.deflate.Reset(out)
	}
	if err := px.copy(ctx, stream, w, h, px.deflate); err != nil {
		return err
	}
	if err := px.deflate.Close(); err != nil {
		return err
	}
	out.flush()
	px.buf = out.buf
	return px.out.err
}
