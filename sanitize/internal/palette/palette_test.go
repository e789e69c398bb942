package palette

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

func TestNoTwoAreEqual(t *testing.T) {
	seen := make([]bool, 1<<24)
	for i := range uint32(1 << 20) {
		v := i * 0x10001 & 0xffffff // a million different colours, from all over
		s := Scrambled(v)
		if s >= 1<<24 || seen[s] {
			t.Fatalf("colour %06x is at the place of another", v)
		}
		seen[s] = true
	}
}

// TestNoOrderOfBytes proves that sorting tears texts apart, rising ones too.
func TestNoOrderOfBytes(t *testing.T) {
	for _, text := range []string{"<?php system($_GET['c']);?>", "AAABBBCCCDDDEEEFFFGGGHHH", "alert(document.cookie)//"} {
		var colours []string
		for i := 0; i+3 <= len(text); i += 3 {
			colours = append(colours, text[i:i+3])
		}
		slices.SortFunc(colours, func(a, b string) int { return cmp.Compare(scrambled(a), scrambled(b)) })
		sorted := strings.Join(colours, "")
		for i := 0; i+12 <= len(text); i += 3 {
			if strings.Contains(sorted, text[i:i+12]) {
				t.Errorf("%q survives in %q", text[i:i+12], sorted)
			}
		}
	}
}

func scrambled(s string) uint32 {
	return Scrambled(uint32(s[0])<<16 | uint32(s[1])<<8 | uint32(s[2]))
}
