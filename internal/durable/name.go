package durable

// CommitUnsynced is Commit without the sync of the folder: the bytes are durable, and the name is once the caller has
// called SyncDir. It is for several files that appear together in one folder, the last of which says that all are there.
func (f *File) CommitUnsynced() error {
	return f.place(func() error { return f.root.Rename(f.temp, f.name) })
}
