package inbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"sekisho/transfer/manifest"
)

// leftClaims returns the claims in claimsDir, oldest first, and removes the folders of those that had ended.
func leftClaims(root *os.Root, opt Options) ([]Claim, error) {
	entries, err := fs.ReadDir(root.FS(), claimsDir)
	if err != nil {
		return nil, fmt.Errorf("cannot list claims: %w", err)
	}
	var out []Claim
	for _, e := range entries {
		if id, old := strings.CutSuffix(e.Name(), ".old"); old && !e.IsDir() && manifest.CheckID(id) == nil {
			if err := leftAside(root, id, opt); err != nil {
				return nil, err
			}
			continue
		}
		if !e.IsDir() || manifest.CheckID(e.Name()) != nil {
			continue // not ours
		}
		c := Claim{ID: e.Name(), Route: opt.Route, Again: true, root: root}
		name, info, err := onlyFile(root, c.dir(), opt.MaxDepth)
		if err != nil {
			return nil, err
		}
		if info == nil {
			if err := root.RemoveAll(c.dir()); err != nil {
				return nil, fmt.Errorf("cannot remove empty claim: %w", err)
			}
			continue
		}
		c.Path, c.stamp, c.Size, c.ModTime = name[len(c.dir())+1:], stampOf(info), info.Size(), info.ModTime()
		c.first = c.Size
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Claim) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// onlyFile follows the folders in dir down to the file at their end.
func onlyFile(root *os.Root, dir string, depth int) (string, fs.FileInfo, error) {
	for range depth + 2 {
		entries, err := fs.ReadDir(root.FS(), dir)
		if err != nil {
			return "", nil, fmt.Errorf("cannot list claim: %w", err)
		}
		if len(entries) == 0 {
			return "", nil, nil
		}
		dir = path.Join(dir, entries[0].Name())
		if !entries[0].IsDir() {
			info, err := root.Lstat(dir)
			return dir, info, err
		}
	}
	return "", nil, fmt.Errorf("cannot read claim: deeper than %d folders", depth)
}

// leftAside deals with the name that was being taken away from the claim id when the program ended.
func leftAside(root *os.Root, id string, opt Options) error {
	c := Claim{ID: id, root: root}
	name, info, err := onlyFile(root, c.dir(), opt.MaxDepth)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info == nil { // the claim has ended, and its name came back in a power cut
		return root.Remove(c.aside())
	}
	if err != nil {
		return err
	}
	c.Path, c.stamp = name[len(c.dir())+1:], stampOf(info)
	err = c.forget(c.aside())
	if errors.Is(err, fs.ErrExist) {
		return nil // neither file is ours to remove: a person finds it there
	}
	return err
}
