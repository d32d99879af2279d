package sqs

import (
	"net/url"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// queueURL is where the caller reaches the queue: the host it called, so the
// URL holds from inside and outside a container.
func queueURL(call *wire.Call, name string) string {
	scheme := "http://"
	if call.HTTP.TLS != nil {
		scheme = "https://"
	}
	return scheme + call.HTTP.Host + "/" + call.Account + "/" + name
}

// nameOfURL reads ACCOUNT/NAME from the end of the URL's path. The host is not
// compared: the same server has several names. Like AWS's, the URL may be just
// the queue's name.
func (s *Service) nameOfURL(raw string) (string, error) {
	if raw == "" {
		return "", missingParameter("QueueUrl")
	}
	parsed, err := url.Parse(raw)
	if err != nil {
		return "", errNoQueue()
	}
	path := strings.Trim(parsed.Path, "/")
	account, name, ok := strings.Cut(path, "/")
	if !ok {
		return path, nil
	}
	if account != s.cfg.Account || strings.Contains(name, "/") {
		return "", errNoQueue()
	}
	return name, nil
}

func (s *Service) nameOfARN(arn string) (string, bool) {
	name, ok := strings.CutPrefix(arn, s.arn(""))
	return name, ok && name != ""
}

// urlInput is an input that names its queue by URL; nameInput one by name.
type (
	urlInput  interface{ queueURL() string }
	nameInput interface{ queueName() string }
)

// accessByURL asks for one action on the queue that the input's URL names. A
// queue that does not exist is authorised by its name all the same, so only a
// permitted caller learns that it is missing.
func accessByURL[P interface {
	*I
	urlInput
}, I any](s *Service, action string) func(*wire.Call, *I) []wire.Access {
	return func(_ *wire.Call, in *I) []wire.Access {
		name, err := s.nameOfURL(P(in).queueURL())
		if err != nil {
			name = "*"
		}
		return []wire.Access{{Action: "sqs:" + action, Resource: s.arn(name)}}
	}
}

func accessByName[P interface {
	*I
	nameInput
}, I any](s *Service, action string) func(*wire.Call, *I) []wire.Access {
	return func(_ *wire.Call, in *I) []wire.Access {
		return []wire.Access{{Action: "sqs:" + action, Resource: s.arn(P(in).queueName())}}
	}
}

// target is the member that most inputs share.
type target struct{ QueueUrl string }

func (t *target) queueURL() string { return t.QueueUrl }
