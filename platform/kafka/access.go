package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/clock"
)

// Account is a user and all that it may do. A name that ends in * stands for
// all that begin so.
type Account struct {
	User, Password string
	Reads          []string // topics to read, and to commit offsets of
	Writes         []string // topics to write
	Joins          []string // groups to be in, and to commit offsets for
	Watches        []string // groups to ask about
	Commits        []string // transactional ids to write under
}

// scramIterations is the fewest that brokers take: the passwords are no words.
const scramIterations = 4096

// admitMax is how long brokers may take to know a user.
const admitMax = 10 * time.Second

// Admit makes users that sign in by SCRAM-SHA-512, and allows each what its
// account says, as whoever the cluster's user is: it needs Alter on the cluster.
// It may be repeated, and takes nothing away that a user is allowed besides. It
// ends when all of them can sign in.
func Admit(ctx context.Context, cluster Cluster, accounts []Account) error {
	client, err := cluster.client()
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	var users []kadm.UpsertSCRAM
	for _, a := range accounts {
		users = append(users, kadm.UpsertSCRAM{User: a.User, Mechanism: kadm.ScramSha512, Iterations: scramIterations, Password: a.Password})
	}
	altered, err := admin.AlterUserSCRAMs(ctx, nil, users)
	if err := errors.Join(err, altered.Error()); err != nil {
		return fmt.Errorf("make users: %w", err)
	}
	for _, a := range accounts {
		for _, rule := range a.rules() {
			made, err := admin.CreateACLs(ctx, rule)
			for _, m := range made {
				err = errors.Join(err, m.Err)
			}
			if err != nil {
				return fmt.Errorf("allow user %s what it needs: %w", a.User, err)
			}
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, a := range accounts {
		as := cluster
		as.User, as.Password = a.User, a.Password
		group.Go(func() error { return awaitUser(ctx, as) })
	}
	return group.Wait()
}

// rules are the account as access control lists: for each kind of resource, and
// apart for names and for beginnings of names.
func (a *Account) rules() []*kadm.ACLBuilder {
	var all []*kadm.ACLBuilder
	add := func(names []string, on func(*kadm.ACLBuilder, []string), operations ...kadm.ACLOperation) {
		var literal, prefixes []string
		for _, name := range names {
			if prefix, ok := strings.CutSuffix(name, "*"); ok {
				prefixes = append(prefixes, prefix)
			} else {
				literal = append(literal, name)
			}
		}
		for pattern, names := range map[kadm.ACLPattern][]string{kadm.ACLPatternLiteral: literal, kadm.ACLPatternPrefixed: prefixes} {
			if len(names) == 0 {
				continue
			}
			rule := kadm.NewACLs().ResourcePatternType(pattern).Operations(operations...).Allow("User:" + a.User).AllowHosts("*")
			on(rule, names)
			all = append(all, rule)
		}
	}
	topics := func(b *kadm.ACLBuilder, names []string) { b.Topics(names...) }
	groups := func(b *kadm.ACLBuilder, names []string) { b.Groups(names...) }
	transactions := func(b *kadm.ACLBuilder, names []string) { b.TransactionalIDs(names...) }
	add(a.Reads, topics, kadm.OpRead, kadm.OpDescribe)
	add(a.Writes, topics, kadm.OpWrite, kadm.OpDescribe)
	add(a.Joins, groups, kadm.OpRead, kadm.OpDescribe)
	add(a.Watches, groups, kadm.OpDescribe)
	add(a.Commits, transactions, kadm.OpWrite, kadm.OpDescribe)
	return all
}

// awaitUser waits until the brokers know a user that was just made.
func awaitUser(ctx context.Context, cluster Cluster) error {
	patience, cancel := context.WithTimeout(ctx, admitMax)
	defer cancel()
	for {
		err := ping(patience, cluster)
		if err == nil {
			return nil
		}
		if (clock.Wall{}).Sleep(patience, 50*time.Millisecond) != nil {
			return fmt.Errorf("sign in as user %s: %w", cluster.User, err)
		}
	}
}

func ping(ctx context.Context, cluster Cluster) error {
	client, err := cluster.client(kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Ping(ctx)
}

// Refused is true for errors of users that may not do what they tried.
func Refused(err error) bool {
	for _, refusal := range []error{
		kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed, kerr.ClusterAuthorizationFailed,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}
