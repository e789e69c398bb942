package disk

import (
	"context"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// view shows a node to the kernel.
type view struct {
	fs.Inode
	disk *Disk
	node *node
}

var (
	_ fs.NodeLookuper  = (*view)(nil)
	_ fs.NodeGetattrer = (*view)(nil)
	_ fs.NodeSetattrer = (*view)(nil)
	_ fs.NodeReaddirer = (*view)(nil)
	_ fs.NodeMkdirer   = (*view)(nil)
	_ fs.NodeCreater   = (*view)(nil)
	_ fs.NodeLinker    = (*view)(nil)
	_ fs.NodeUnlinker  = (*view)(nil)
	_ fs.NodeRmdirer   = (*view)(nil)
	_ fs.NodeRenamer   = (*view)(nil)
	_ fs.NodeOpener    = (*view)(nil)
	_ fs.NodeReader    = (*view)(nil)
	_ fs.NodeWriter    = (*view)(nil)
	_ fs.NodeFsyncer   = (*view)(nil)
	_ fs.NodeStatfser  = (*view)(nil)
)

// handle is an open file.
type handle struct{ synced bool } // every write is synced

// show returns the kernel's view of n.
func (v *view) show(ctx context.Context, n *node, out *fuse.EntryOut) *fs.Inode {
	n.attributes(&out.Attr)
	return v.NewInode(ctx, &view{disk: v.disk, node: n}, fs.StableAttr{Mode: n.mode & syscall.S_IFMT, Ino: n.ino})
}

func (n *node) attributes(a *fuse.Attr) {
	a.Ino, a.Mode, a.Size, a.Nlink = n.ino, n.mode, uint64(len(n.data)), n.links
	a.Blocks, a.Blksize = (a.Size+511)/512, 4096
	if n.folder() {
		a.Nlink = 2
	}
	a.SetTimes(&n.mtime, &n.mtime, &n.ctime)
}

// Lookup finds name.
func (v *view) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if errno := v.disk.alive(); errno != 0 {
		return nil, errno
	}
	n := v.node.entries[name]
	if n == nil {
		return nil, syscall.ENOENT
	}
	return v.show(ctx, n, out), 0
}

// Getattr tells size, mode and times.
func (v *view) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	v.node.attributes(&out.Attr)
	return v.disk.alive()
}

// Setattr changes size, mode and times.
func (v *view) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if errno := v.disk.change(false); errno != 0 {
		return errno
	}
	if size, ok := in.GetSize(); ok {
		v.node.resize(int(size))
		v.node.touch()
	}
	if mode, ok := in.GetMode(); ok {
		v.node.mode = v.node.mode&syscall.S_IFMT | mode&0o7777
	}
	if mtime, ok := in.GetMTime(); ok {
		v.node.mtime = mtime
	}
	v.node.ctime = time.Now()
	v.node.attributes(&out.Attr)
	return 0
}

// Readdir lists a folder.
func (v *view) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	var list []fuse.DirEntry
	for _, name := range v.node.names() {
		n := v.node.entries[name]
		list = append(list, fuse.DirEntry{Name: name, Ino: n.ino, Mode: n.mode & syscall.S_IFMT})
	}
	return fs.NewListDirStream(list), v.disk.alive()
}

// enter gives n the name in the folder.
func (v *view) enter(name string, n *node) {
	v.node.entries[name] = n
	v.disk.touched[v.node] = true
	n.links++
	n.ctime = time.Now()
	v.node.touch()
}

// leave takes the name from the folder.
func (v *view) leave(name string) {
	n := v.node.entries[name]
	delete(v.node.entries, name)
	v.disk.touched[v.node] = true
	n.links--
	n.ctime = time.Now()
	v.node.touch()
}

// make makes a node called name.
func (v *view) make(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if v.node.entries[name] != nil {
		return nil, syscall.EEXIST
	}
	if errno := v.disk.change(true); errno != 0 {
		return nil, errno
	}
	n := v.disk.add(mode)
	v.enter(name, n)
	return v.show(ctx, n, out), 0
}

// Mkdir makes a folder.
func (v *view) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return v.make(ctx, name, syscall.S_IFDIR|mode&0o7777, out)
}

// Create makes a file and opens it.
func (v *view) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	inode, errno := v.make(ctx, name, syscall.S_IFREG|mode&0o7777, out)
	return inode, open(flags), 0, errno
}

// Link gives a file a second name.
func (v *view) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if v.node.entries[name] != nil {
		return nil, syscall.EEXIST
	}
	if errno := v.disk.change(true); errno != 0 {
		return nil, errno
	}
	n := target.(*view).node
	v.enter(name, n)
	return v.show(ctx, n, out), 0
}

// Unlink removes a file's name.
func (v *view) Unlink(_ context.Context, name string) syscall.Errno { return v.remove(name) }

// Rmdir removes an empty folder.
func (v *view) Rmdir(_ context.Context, name string) syscall.Errno { return v.remove(name) }

func (v *view) remove(name string) syscall.Errno {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	n := v.node.entries[name]
	if n == nil {
		return syscall.ENOENT
	}
	if len(n.entries) > 0 {
		return syscall.ENOTEMPTY
	}
	if errno := v.disk.change(false); errno != 0 {
		return errno
	}
	v.leave(name)
	return 0
}

// Rename changes a name. It replaces a file, or fails with EEXIST when it must not.
func (v *view) Rename(_ context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	target := to.(*view)
	n, old := v.node.entries[name], target.node.entries[newName]
	switch {
	case n == nil:
		return syscall.ENOENT
	case flags&^unix.RENAME_NOREPLACE != 0:
		return syscall.EINVAL
	case old != nil && flags&unix.RENAME_NOREPLACE != 0:
		return syscall.EEXIST
	case old != nil && len(old.entries) > 0:
		return syscall.ENOTEMPTY
	case old == n:
		return 0
	}
	if errno := v.disk.change(false); errno != 0 {
		return errno
	}
	if old != nil {
		target.leave(newName)
	}
	v.leave(name)
	target.enter(newName, n)
	return 0
}

func open(flags uint32) *handle { return &handle{synced: flags&(syscall.O_SYNC|syscall.O_DSYNC) != 0} }

// Open opens a file.
func (v *view) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY && v.disk.condition == ReadOnly {
		return nil, 0, syscall.EROFS
	}
	if flags&syscall.O_TRUNC != 0 {
		if errno := v.disk.change(false); errno != 0 {
			return nil, 0, errno
		}
		v.node.resize(0)
		v.node.touch()
	}
	return open(flags), 0, v.disk.alive()
}

// Read reads from a file.
func (v *view) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if errno := v.disk.alive(); errno != 0 {
		return nil, errno
	}
	n := 0
	if off < int64(len(v.node.data)) {
		n = copy(dest, v.node.data[off:])
	}
	return fuse.ReadResultData(dest[:n]), 0
}

// Write writes to a file.
func (v *view) Write(_ context.Context, f fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if errno := v.disk.change(true); errno != 0 {
		return 0, errno
	}
	v.node.write(data, int(off))
	if h, ok := f.(*handle); ok && h.synced {
		if errno := v.disk.saveNode(v.node); errno != 0 {
			return 0, errno
		}
	}
	return uint32(len(data)), 0
}

// Fsync makes a file's bytes, or the names in a folder, survive.
func (v *view) Fsync(ctx context.Context, _ fs.FileHandle, _ uint32) syscall.Errno {
	v.disk.mu.Lock()
	latency := v.disk.latency
	v.disk.mu.Unlock()
	if latency > 0 {
		pause := time.NewTimer(latency)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-v.disk.cut:
		case <-ctx.Done():
			return syscall.EINTR
		}
	}
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	return v.disk.saveNode(v.node)
}

// room is how much a disk that is not full has left, in blocks of 4 KiB.
const room = 16 << 30 / 4096

// Statfs tells how much room there is.
func (v *view) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	*out = fuse.StatfsOut{Blocks: 2 * room, Bfree: room, Bavail: room, Files: 1 << 30, Ffree: 1 << 29, Bsize: 4096, Frsize: 4096, NameLen: 255}
	if v.disk.condition == Full {
		out.Bfree, out.Bavail = 0, 0
	}
	return v.disk.alive()
}
