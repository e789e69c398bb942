// Package icc judges colour profiles: the structure of ICC.1:2022 section 7, no more. A profile is data that a colour
// engine reads, so its size, its header and each tag's place are held against the bytes that are there.
package icc

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Sizes of section 7.2 and 7.3, in bytes, and the most tags that any kind of profile has a use for.
const (
	headerSize = 128
	tagSize    = 12
	maxTags    = 100
)

// Check returns nil when profile is one whole profile and nothing else. Tags may share data (section 7.3.1), and
// every byte after the tag table belongs to a tag or pads one to four bytes with zeros.
func Check(profile []byte) error {
	if len(profile) < headerSize+4 {
		return errors.New("shorter than its header")
	}
	if n := binary.BigEndian.Uint32(profile); uint64(n) != uint64(len(profile)) {
		return fmt.Errorf("says %d bytes, has %d", n, len(profile))
	}
	if string(profile[36:40]) != "acsp" {
		return errors.New("no profile signature")
	}
	count := binary.BigEndian.Uint32(profile[headerSize:])
	if count == 0 || count > maxTags || headerSize+4+int(count)*tagSize > len(profile) {
		return fmt.Errorf("a table of %d tags", count)
	}
	return tags(profile, int(count))
}

func tags(profile []byte, count int) error {
	end := uint64(headerSize + 4 + count*tagSize)
	var spans [][2]uint64
	for i := range count {
		t := profile[headerSize+4+i*tagSize:]
		off, size := uint64(binary.BigEndian.Uint32(t[4:])), uint64(binary.BigEndian.Uint32(t[8:]))
		if !signature(t[:4]) {
			return fmt.Errorf("tag %q", t[:4])
		}
		if off < end || size < 8 || off+size > uint64(len(profile)) {
			return fmt.Errorf("tag %q is outside of the profile", t[:4])
		}
		spans = append(spans, [2]uint64{off, off + size})
	}
	slices.SortFunc(spans, func(a, b [2]uint64) int { return cmp.Compare(a[0], b[0]) })
	for _, s := range append(spans, [2]uint64{uint64(len(profile)), 0}) {
		if s[0] > end && len(bytes.Trim(profile[end:s[0]], "\x00")) > 0 {
			return fmt.Errorf("data at offset %d that belongs to no tag", end)
		}
		end = max(end, s[1])
	}
	return nil
}

func signature(t []byte) bool {
	for _, c := range t {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
