package jpeg

import "math/bits"

// block decodes the part of one block that the scan carries. Values do not matter here, only their lengths; of
// progressive pictures, which coefficients are not zero decides how later scans are read.
func (s *scan) block(i, at int) error {
	switch {
	case !s.frame.progressive:
		return s.whole(s.dc[i], s.ac[i])
	case s.ss == 0 && s.ah == 0:
		return s.difference(s.dc[i])
	case s.ss == 0:
		_, err := s.in.take(1)
		return err
	case s.ah == 0:
		return s.first(s.ac[i], &s.comps[i].known[at])
	}
	return s.refine(s.ac[i], &s.comps[i].known[at])
}

// difference reads a DC coefficient (T.81 section F.2.2.1): at most 11 bits in a picture of 8.
func (s *scan) difference(h *huffman) error {
	n, err := s.in.symbol(h)
	if err != nil {
		return err
	}
	if n > 11 {
		return errCode
	}
	_, err = s.in.take(int(n))
	return err
}

// whole reads a block of a sequential picture (T.81 section F.2.2).
func (s *scan) whole(dc, ac *huffman) error {
	if err := s.difference(dc); err != nil {
		return err
	}
	return s.in.details(ac, 1)
}

// details reads the coefficients of a block from k on.
func (r *bitReader) details(ac *huffman, k int) error {
	for ; k < 64; k++ {
		rs, err := r.symbol(ac)
		if err != nil {
			return err
		}
		run, size := int(rs>>4), int(rs&15)
		if size == 0 && run < 15 {
			if run != 0 {
				return errCode
			}
			return nil
		}
		if k += run; k > 63 || size > 10 {
			return errCode
		}
		if _, err := r.take(size); err != nil {
			return err
		}
	}
	return nil
}

// first reads the first bits of a band (T.81 section G.1.2.2).
func (s *scan) first(h *huffman, known *uint64) error {
	if s.eobRun > 0 {
		s.eobRun--
		return nil
	}
	for k := s.ss; k <= s.se; k++ {
		rs, err := s.in.symbol(h)
		if err != nil {
			return err
		}
		run, size := int(rs>>4), int(rs&15)
		if size == 0 && run < 15 {
			return s.endOfBand(run)
		}
		if k += run; k > s.se || size > 10 {
			return errCode
		}
		if _, err := s.in.take(size); err != nil {
			return err
		}
		if size > 0 {
			*known |= 1 << k
		}
	}
	return nil
}

// endOfBand reads the length of a run of blocks without further coefficients, this one included.
func (s *scan) endOfBand(n int) error {
	more, err := s.in.take(n)
	s.eobRun = 1<<n + int(more) - 1
	return err
}

// refine reads one more bit of a band (T.81 section G.1.2.3).
func (s *scan) refine(h *huffman, known *uint64) error {
	k := s.ss
	if s.eobRun == 0 {
		var err error
		if k, err = s.fresh(h, known); err != nil {
			return err
		}
		if k > s.se {
			return nil
		}
	} else {
		s.eobRun--
	}
	rest := *known >> k & (1<<(s.se-k+1) - 1)
	return s.correct(bits.OnesCount64(rest))
}

// fresh reads new coefficients and the corrections between them, up to an end of band. It returns the coefficient
// from which the corrections remain to be read.
func (s *scan) fresh(h *huffman, known *uint64) (int, error) {
	k := s.ss
	for k <= s.se {
		rs, err := s.in.symbol(h)
		if err != nil {
			return 0, err
		}
		run, size := int(rs>>4), int(rs&15)
		if size > 1 {
			return 0, errCode
		}
		if size == 0 && run < 15 {
			return k, s.endOfBand(run)
		}
		if _, err := s.in.take(size); err != nil { // the sign
			return 0, err
		}
		if k, err = s.pass(k, run, known); err != nil {
			return 0, err
		}
		if size == 1 {
			if k > s.se {
				return 0, errCode
			}
			*known |= 1 << k
		} else if k > s.se {
			return 0, errCode
		}
		k++
	}
	return k, nil
}

// pass goes over run zero coefficients, and reads a correction for each other, up to the next zero one.
func (s *scan) pass(k, run int, known *uint64) (int, error) {
	for ; k <= s.se; k++ {
		if *known>>k&1 != 0 {
			if _, err := s.in.take(1); err != nil {
				return 0, err
			}
			continue
		}
		if run == 0 {
			break
		}
		run--
	}
	return k, nil
}

func (s *scan) correct(n int) error {
	for n > 0 {
		step := min(n, 16)
		if _, err := s.in.take(step); err != nil {
			return err
		}
		n -= step
	}
	return nil
}
