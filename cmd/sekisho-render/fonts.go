package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	maxFonts    = 16        // that a child is given: a document whose fonts are not in it needs one Japanese face or two
	maxFontSize = 128 << 20 // in bytes: a collection of Noto CJK has 20 MB
)

// preferred are the beginnings of the names of font files, best first: Japanese faces, Gothic and Mincho, then Latin.
func preferred() []string {
	return []string{
		"ipaexg", "ipaexm", "ipag.", "ipam.", "NotoSansCJK-Regular", "NotoSerifCJK-Regular", "NotoSansJP-Regular", "NotoSerifJP-Regular",
		"TakaoGothic", "TakaoMincho", "VL-Gothic", "ipa", "LiberationSans", "LiberationSerif", "DejaVuSans",
	}
}

// mapFonts maps font files below dir into memory, the preferred ones first, so that they can be read where no file can be
// opened. A folder that is not there has none.
func mapFonts(dir string) (map[string][]byte, error) {
	paths, err := findFonts(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot look for fonts: %w", err)
	}
	fonts := map[string][]byte{}
	for _, p := range paths {
		data, err := mapFile(p)
		if err != nil {
			return nil, fmt.Errorf("cannot map font: %w", err)
		}
		if data != nil {
			fonts[filepath.Base(p)] = data
		}
	}
	return fonts, nil
}

// findFonts returns the paths of the fonts to be used, at most maxFonts.
func findFonts(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return nil
		}
		if err != nil {
			return err
		}
		ext := strings.ToLower(filepath.Ext(path))
		if d.Type().IsRegular() && (ext == ".ttf" || ext == ".ttc" || ext == ".otf") && rank(path) < len(preferred()) {
			paths = append(paths, path)
		}
		return nil
	})
	slices.SortStableFunc(paths, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return paths[:min(len(paths), maxFonts)], err
}

// rank returns the place of a font in the order of preference.
func rank(path string) int {
	name := filepath.Base(path)
	i := slices.IndexFunc(preferred(), func(p string) bool { return strings.HasPrefix(name, p) })
	if i < 0 {
		return len(preferred())
	}
	return i
}

// mapFile maps a file into memory for reading, for as long as the process lives. It returns nil for one that is empty or
// too long.
func mapFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 || info.Size() > maxFontSize {
		return nil, nil
	}
	return unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
}
