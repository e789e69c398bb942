package disk

import (
	"fmt"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// mounted is a mount.
type mounted struct {
	dir    string
	server *fuse.Server
}

// Mount shows the disk in the folder dir. It needs /dev/fuse and the right to mount.
func (d *Disk) Mount(dir string) error {
	keep := time.Second // every change comes through the kernel, so what it remembers is right
	server, err := fs.Mount(dir, &view{disk: d, node: d.root}, &fs.Options{
		MountOptions: fuse.MountOptions{
			DirectMountStrict: true, FsName: "faulty", Name: "faulty", DisableXAttrs: true, MaxWrite: 256 << 10,
		},
		EntryTimeout: &keep, AttrTimeout: &keep,
		RootStableAttr: &fs.StableAttr{Ino: 1},
	})
	if err != nil {
		return fmt.Errorf("cannot mount a disk in %s: %w", dir, err)
	}
	d.server = &mounted{dir, server}
	return nil
}

// Unmount ends the mount, also while programs still use it.
func (d *Disk) Unmount() error {
	if d.server == nil {
		return nil
	}
	s := d.server
	d.server = nil
	if err := unix.Unmount(s.dir, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("cannot unmount %s: %w", s.dir, err)
	}
	return nil
}
