package zipfile

// AddDeflated writes one entry whose content is already compressed by method Deflated: body expands to size bytes with
// the checksum crc. It is for writers that compress several entries at once.
func (w *Writer) AddDeflated(h Header, body []byte, crc uint32, size int64) error {
	if err := w.check(h.Name); err != nil {
		return err
	}
	return w.write(h, Deflated, crc, body, size)
}
