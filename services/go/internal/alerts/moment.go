package alerts

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Moment is a time to the microsecond. One without a zone counts as UTC, but is not compared with one that has a zone.
type Moment struct {
	Time  time.Time
	Zoned bool
}

var moment = regexp.MustCompile(
	`^(\d{4})-(\d\d)-(\d\d)(?:[Tt _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d:?\d\d)?)?$`)

var unixTime = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

const (
	largestSeconds = 2e10   // a larger number counts milliseconds
	largestUnix    = 2.5e11 // the year 9999, in seconds
)

// readMoment takes a text, or a number since 1970.
func readMoment(value any) (Moment, bool) {
	switch given := value.(type) {
	case json.Number:
		return fromUnix(string(given))
	case string:
		if unixTime.MatchString(given) {
			return fromUnix(given)
		}
		return parseMoment(given)
	}
	return Moment{}, false
}

func fromUnix(text string) (Moment, bool) {
	seconds, err := strconv.ParseFloat(text, 64)
	if math.Abs(seconds) > largestSeconds {
		seconds /= 1000
	}
	if err != nil || math.Abs(seconds) > largestUnix {
		return Moment{}, false
	}
	return Moment{time.UnixMicro(int64(math.Round(seconds * 1e6))), true}, true
}

// parseMoment reads ISO 8601 as Alertmanager and its imitators write it; nanoseconds are cut off.
func parseMoment(text string) (Moment, bool) {
	found := moment.FindStringSubmatch(text)
	if found == nil {
		return Moment{}, false
	}
	var part [7]int
	for i := range part[1:] {
		part[i+1], _ = strconv.Atoi(found[i+1]) // digits only, or absent: 0
	}
	offset, ok := zone(found[8])
	if !ok || part[1] == 0 || part[4] > 23 || part[5] > 59 || part[6] > 59 {
		return Moment{}, false
	}
	micros, _ := strconv.Atoi((found[7] + "000000")[:6])
	at := time.Date(part[1], time.Month(part[2]), part[3], part[4], part[5], part[6], micros*1000, time.UTC)
	if int(at.Month()) != part[2] || at.Day() != part[3] {
		return Moment{}, false // the 30th of February, which Date takes for a day in March
	}
	return Moment{at.Add(-offset), found[8] != ""}, true
}

func zone(text string) (time.Duration, bool) {
	if text == "" || strings.EqualFold(text, "z") {
		return 0, true
	}
	digits := strings.ReplaceAll(text[1:], ":", "")
	hours, _ := strconv.Atoi(digits[:2])
	minutes, _ := strconv.Atoi(digits[2:])
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if text[0] == '-' {
		offset = -offset
	}
	return offset, hours < 24 && minutes < 60
}
