package inbox

// fairQueue holds ready files and gives them out in turn from each top folder, so that one office's ten thousand photographs
// do not keep back another's form.
type fairQueue struct {
	turns []string            // top folders that have files, the next one first
	files map[string][]string // by top folder, first come first
	count int
}

func (q *fairQueue) len() int { return q.count }

func (q *fairQueue) push(p string) {
	top := topOf(p)
	if q.files == nil {
		q.files = map[string][]string{}
	}
	if len(q.files[top]) == 0 {
		q.turns = append(q.turns, top)
	}
	q.files[top] = append(q.files[top], p)
	q.count++
}

// pop returns the next file. The queue is not empty.
func (q *fairQueue) pop() string {
	top := q.turns[0]
	q.turns = q.turns[1:]
	files := q.files[top]
	if len(files) == 1 {
		delete(q.files, top)
	} else {
		q.files[top] = files[1:]
		q.turns = append(q.turns, top)
	}
	q.count--
	return files[0]
}
