/**
 * Limits of the channels to people: as `limits.ts`, which they would make too long. A maximum for every wait, answer and text, each with its
 * arithmetic.
 */

/** How long a channel's other side may take to be connected to: names and handshakes take below 2 s, a firewall that drops takes for ever. */
export const channelConnectMs = 10_000;
/** One whole call of a channel over HTTP: Slack and pagers answer below 1 s; a relay that hangs must not hold the outbox up for minutes. */
export const channelCallMs = 30_000;
/** One whole mail, greylisting and slow greetings included: some relays make strangers wait 20 s on purpose. */
export const mailCallMs = 60_000;
/** What is read of the answer to a call: what counts is its first line. */
export const channelAnswerBytesMax = 65_536;
/** Characters of an answer that are kept: a line of a table or of a log. */
export const channelSaidMax = 300;
/** The longest wait that the other side may ask for: an alert that is an hour late has lost its point. */
export const channelRetryAfterMsMax = 3_600_000;
/** What a command that takes alerts may take, how long it may take to end after SIGTERM, and what is kept of its output. */
export const channelCommandMs = 30_000;
export const channelCommandEndMs = 2_000;
export const channelCommandOutputBytesMax = 4_096;
/** Slack takes 50 blocks, 150 characters in a header and 3,000 in a text; a header, a line below it and a closing line belong to every message. */
export const slackBlocksMax = 50;
export const slackHeaderMax = 150;
export const slackTextMax = 3_000;
/** One SMS in the GSM alphabet: 140 bytes of 7 bits a letter. A second segment costs as much again, and may come first. */
export const smsSeptetsMax = 160;
/** PagerDuty cuts a summary there. */
export const pagerSummaryMax = 1_024;
/** What a dead-man's switch keeps of the words that come with a call. */
export const deadManTextMax = 10_000;
/** How long the code of a test message may be typed back: a week has a day on which everybody is there. */
export const channelCodeDays = 7;
/** Wrong codes until none counts any more: 10 guesses at 31^8 codes are one in 85 thousand million. */
export const channelCodeTriesMax = 10;
/** Codes that wait to be typed back, and channels that are remembered: tests of some years would not fill them. */
export const channelCodesMax = 200;
export const channelRecordsMax = 500;
/** Characters of the name of a person. */
export const personNameMax = 80;
/** Attempts at the next number of the record of tests: two commands at once are rare, three have not been seen. */
export const channelRecordAttemptsMax = 8;
