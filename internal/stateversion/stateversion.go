// Package stateversion says of which version the folder is that a zone keeps its state in, so that a program never works on
// what a newer one has written: it would not know what it reads.
//
//	<state>/version   "1" and a line feed
//
// A folder without the file is new, or of the time before there was one, which is version 1.
package stateversion

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"sekisho/internal/durable"
)

// Current is the version that this program reads and writes.
const Current = 1

const file = "version"

// maxText bounds what is read of it, in bytes.
const maxText = 64

// ErrNewer says that the state was written by a newer program. Nothing was changed; the newer program goes on with it.
var ErrNewer = errors.New("状態フォルダは新しい版の関所が書いたものです。新しい版に戻してください" +
	" / the state folder was written by a newer version of Sekisho; run that version")

// Check fails unless this program can work on the state folder dir. It changes nothing.
func Check(dir string) error {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot open state folder: %w", err)
	}
	defer root.Close()
	_, err = read(root)
	return err
}

// Claim checks the state folder dir, which it makes when it is not there, and writes the version into it.
func Claim(dir string) error {
	root, err := durable.OpenFolder(dir, 0o700)
	if err != nil {
		return err
	}
	defer root.Close()
	version, err := read(root)
	if err != nil || version == Current {
		return err
	}
	return durable.WriteFile(root, file, []byte(strconv.Itoa(Current)+"\n"), 0o600)
}

// read returns the version of the folder, or 0 when it does not say.
func read(root *os.Root) (int, error) {
	f, err := root.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cannot read version of state: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxText))
	if err != nil {
		return 0, fmt.Errorf("cannot read version of state: %w", err)
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(text)))
	switch {
	case err != nil || version < 1:
		return 0, fmt.Errorf("cannot read version of state: it is %.20q", text)
	case version > Current:
		return 0, fmt.Errorf("%w (%s: %d, %d)", ErrNewer, root.Name(), version, Current)
	}
	return version, nil
}
