package sqs

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// settings are a queue's attributes that a caller can set.
type settings struct {
	visibility time.Duration
	retention  time.Duration
	delay      time.Duration
	wait       time.Duration
	sizeMax    int
}

func defaultSettings() settings {
	return settings{
		visibility: 30 * time.Second,
		retention:  4 * 24 * time.Hour,
		sizeMax:    messageSizeMax,
	}
}

// messageSizeMax is the largest message, attributes included, and the largest batch.
const messageSizeMax = 1 << 20

// setting is one attribute: its range in the unit that the API speaks.
type setting struct {
	min, max int
	get      func(*settings) int
	set      func(*settings, int)
}

func seconds(field func(*settings) *time.Duration, low, high int) setting {
	return setting{
		low, high,
		func(s *settings) int { return int(*field(s) / time.Second) },
		func(s *settings, n int) { *field(s) = time.Duration(n) * time.Second },
	}
}

func settingByName(name string) (setting, bool) {
	switch name {
	case "VisibilityTimeout":
		return seconds(func(s *settings) *time.Duration { return &s.visibility }, 0, 43_200), true
	case "MessageRetentionPeriod":
		return seconds(func(s *settings) *time.Duration { return &s.retention }, 60, 1_209_600), true
	case "DelaySeconds":
		return seconds(func(s *settings) *time.Duration { return &s.delay }, 0, 900), true
	case "ReceiveMessageWaitTimeSeconds":
		return seconds(func(s *settings) *time.Duration { return &s.wait }, 0, 20), true
	case "MaximumMessageSize":
		return setting{
			1024, messageSizeMax,
			func(s *settings) int { return s.sizeMax },
			func(s *settings, n int) { s.sizeMax = n },
		}, true
	}
	return setting{}, false
}

func settingNames() []string {
	return []string{
		"VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "ReceiveMessageWaitTimeSeconds", "MaximumMessageSize",
	}
}

// gapOf names what AWS's attribute belongs to that this cloud does not have.
func gapOf(attribute string) (string, bool) {
	switch attribute {
	case "FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit":
		return "SQS FIFO queues (" + attribute + ")", true
	case "RedrivePolicy", "RedriveAllowPolicy":
		return "SQS dead-letter queues (" + attribute + ")", true
	case "Policy":
		return "SQS queue policies (Policy)", true
	case "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled":
		return "SQS encryption settings (" + attribute + ")", true
	}
	return "", false
}

// with returns s changed by the attributes, or why they cannot be.
func (s settings) with(attributes map[string]string) (settings, error) {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		known, ok := settingByName(name)
		if !ok {
			if gap, isGap := gapOf(name); isGap {
				return s, wire.NotImplemented(gap)
			}
			return s, errAttributeName(name)
		}
		n, err := strconv.Atoi(attributes[name])
		if err != nil || n < known.min || n > known.max {
			return s, errAttributeValue(name)
		}
		known.set(&s, n)
	}
	return s, nil
}

// checkSize enforces the queue's MaximumMessageSize.
func (s settings) checkSize(out outgoing) error {
	if size := len(out.body) + attributesSize(out.attributes); size > s.sizeMax {
		return &wire.Error{
			Code: "com.amazon.coral.service#InvalidParameterValueException", QueryCode: "InvalidParameterValue",
			Message: "One or more parameters are invalid. Reason: Message must be shorter than " + strconv.Itoa(s.sizeMax) + " bytes.",
		}
	}
	return nil
}
