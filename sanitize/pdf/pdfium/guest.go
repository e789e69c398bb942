package pdfium

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// fontFolder is where PDFium looks for fonts.
const fontFolder = "usr/share/fonts"

// files is a read-only file system in memory: all that the guest sees of the world.
type files map[string][]byte // by path; a folder is there when something is in it

// guestFiles returns the file system of a guest: the fonts, where it looks for them.
func guestFiles(fonts map[string][]byte) fs.FS {
	f := files{}
	for name, data := range fonts {
		f[path.Join(fontFolder, path.Base(name))] = data
	}
	return f
}

// Open implements fs.FS.
func (f files) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if data, ok := f[name]; ok {
		return &file{entry: entry{name: path.Base(name), size: int64(len(data))}, Reader: bytes.NewReader(data)}, nil
	}
	if list := f.list(name); len(list) > 0 || name == "." {
		return &folder{entry: entry{name: path.Base(name), folder: true}, list: list}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// list returns what is in a folder, in the order of the names.
func (f files) list(name string) []fs.DirEntry {
	found := map[string]entry{}
	for p, data := range f {
		rest := p
		if name != "." {
			var below bool
			if rest, below = strings.CutPrefix(p, name+"/"); !below {
				continue
			}
		}
		first, _, deeper := strings.Cut(rest, "/")
		found[first] = entry{name: first, size: int64(len(data)), folder: deeper}
	}
	list := make([]fs.DirEntry, 0, len(found))
	for _, e := range found {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list
}

// entry describes a file or folder.
type entry struct {
	name   string
	size   int64
	folder bool
}

func (e entry) Name() string               { return e.name }
func (e entry) Size() int64                { return e.size }
func (e entry) IsDir() bool                { return e.folder }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }

func (e entry) Mode() fs.FileMode {
	if e.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// file is an open file.
type file struct {
	entry
	*bytes.Reader
}

func (f *file) Size() int64                { return f.entry.size }
func (f *file) Stat() (fs.FileInfo, error) { return f.entry, nil }
func (f *file) Close() error               { return nil }

// folder is an open folder.
type folder struct {
	entry
	list []fs.DirEntry // not yet read
}

func (d *folder) Stat() (fs.FileInfo, error) { return d.entry, nil }
func (d *folder) Close() error               { return nil }

func (d *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: fs.ErrInvalid}
}

// ReadDir implements fs.ReadDirFile.
func (d *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.list)
	} else if len(d.list) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.list))
	list := d.list[:n]
	d.list = d.list[n:]
	return list, nil
}
