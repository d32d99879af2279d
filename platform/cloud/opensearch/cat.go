package opensearch

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (s *Service) catHealth(_ context.Context, q *request) (any, error) {
	found, err := s.resolve("", lookup{})
	if err != nil {
		return nil, err
	}
	h := healthOf(found)
	now := s.cfg.Clock.Now().UTC()
	return q.table([]string{
		"epoch", "timestamp", "cluster", "status", "node.total", "node.data", "discovered_cluster_manager", "shards", "pri", "relo",
		"init", "unassign", "pending_tasks", "max_task_wait_time", "active_shards_percent",
	}, [][]string{{
		strconv.FormatInt(now.Unix(), 10), now.Format("15:04:05"), clusterName, h.status, "1", "1", "true", strconv.Itoa(h.shards),
		strconv.Itoa(h.shards), "0", "0", strconv.Itoa(h.missing), "0", "-", h.percentFormatted,
	}})
}

func (s *Service) catIndices(_ context.Context, q *request) (any, error) {
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	rows := make([][]string, 0, len(found))
	for _, ix := range found {
		health := ix.health()
		ix.mu.Lock()
		ix.refreshIfDue()
		var bytes int64
		for _, d := range ix.docs {
			bytes += int64(d.place.length)
		}
		size := sizeOf(bytes, q.query.Get("bytes"))
		rows = append(rows, []string{
			health, "open", ix.name, ix.uuid, strconv.Itoa(ix.shards()), strconv.Itoa(ix.settings.number(settingReplicas, 1)),
			strconv.Itoa(ix.liveN), strconv.Itoa(ix.removed), size, size,
		})
		ix.mu.Unlock()
	}
	return q.table([]string{
		"health", "status", "index", "uuid", "pri", "rep", "docs.count", "docs.deleted", "store.size", "pri.store.size",
	}, rows)
}

// sizeOf is a number of bytes as tables show it.
func sizeOf(bytes int64, unit string) string {
	if unit == "b" {
		return strconv.FormatInt(bytes, 10)
	}
	v, suffix := float64(bytes), "b"
	for _, next := range []string{"kb", "mb", "gb", "tb"} {
		if v < 1024 {
			break
		}
		v, suffix = v/1024, next
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0") + suffix
}

// table renders rows as text, aligned, or as JSON.
func (q *request) table(columns []string, rows [][]string) (any, error) {
	if q.query.Has("help") {
		return nil, gap("help of _cat")
	}
	if err := q.sortRows(columns, rows); err != nil {
		return nil, err
	}
	shown := make([]int, len(columns))
	for i := range shown {
		shown[i] = i
	}
	labels := slices.Clone(columns)
	if h := q.query.Get("h"); h != "" {
		shown = nil
		for name := range strings.SplitSeq(h, ",") {
			for i, column := range columns {
				if name == shortName(column) {
					labels[i] = name
				}
				if matches(name, column) || name == shortName(column) {
					shown = append(shown, i)
				}
			}
		}
	}
	if format := q.query.Get("format"); format == "json" {
		list := make([]map[string]string, len(rows))
		for i, row := range rows {
			list[i] = map[string]string{}
			for _, c := range shown {
				list[i][labels[c]] = row[c]
			}
		}
		return list, nil
	} else if format != "" && format != "text" {
		return nil, gap("the format [%s]", format)
	}
	if q.flag("v", false) {
		rows = append([][]string{labels}, rows...)
	}
	var out strings.Builder
	for _, row := range rows {
		for n, c := range shown {
			width := 0
			for _, r := range rows {
				width = max(width, len(r[c]))
			}
			switch _, err := strconv.ParseFloat(rows[len(rows)-1][c], 64); {
			case err == nil || strings.HasSuffix(columns[c], "size"):
				fmt.Fprintf(&out, "%*s", width, row[c])
			case n == len(shown)-1:
				out.WriteString(row[c])
			default:
				fmt.Fprintf(&out, "%-*s", width, row[c])
			}
			if n < len(shown)-1 {
				out.WriteByte(' ')
			}
		}
		out.WriteByte('\n')
	}
	return plain(out.String()), nil
}

func shortName(column string) string {
	return map[string]string{"index": "i", "health": "h", "status": "s", "docs.count": "dc", "store.size": "ss", "uuid": "id", "pri": "p", "rep": "r"}[column]
}

// sortRows orders rows by the columns of parameter s.
func (q *request) sortRows(columns []string, rows [][]string) error {
	type key struct {
		column  int
		descend bool
	}
	var keys []key
	for part := range strings.SplitSeq(q.query.Get("s"), ",") {
		if part == "" {
			continue
		}
		name, order, _ := strings.Cut(part, ":")
		at := slices.Index(columns, name)
		if at < 0 {
			return &Error{Type: "unsupported_operation_exception", Reason: "Unable to sort by unknown sort key `" + name + "`", Status: http.StatusInternalServerError}
		}
		keys = append(keys, key{at, order == "desc"})
	}
	slices.SortStableFunc(rows, func(a, b []string) int {
		for _, k := range keys {
			x, errX := strconv.ParseFloat(a[k.column], 64)
			y, errY := strconv.ParseFloat(b[k.column], 64)
			order := cmp.Compare(x, y)
			if errX != nil || errY != nil {
				order = cmp.Compare(a[k.column], b[k.column])
			}
			if k.descend {
				order = -order
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
	return nil
}
