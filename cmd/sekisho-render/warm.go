package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sekisho/sanitize/pdf/pdfium"
)

// warm compiles PDFium into dir, and lets the children, which are nobody, read it.
func warm(dir string) error {
	engine, err := pdfium.New(pdfium.Options{Cache: dir})
	if err != nil {
		return err
	}
	if err := engine.Close(); err != nil {
		return fmt.Errorf("cannot end PDFium: %w", err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return os.Chmod(path, 0o644)
	})
	if err != nil {
		return fmt.Errorf("cannot let children read the cache: %w", err)
	}
	return nil
}
