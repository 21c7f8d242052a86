// What the unmodified client itself lets out on the console, and no page can keep it from.

/**
 * It calls the end of a meeting or of a connection an error. When it leaves while it reads its statistics, it asks the pressure
 * monitor (computePressureMonitor) that it has just let go. When people come and go it sets the bitrate of its camera twice
 * at a time, and the second of two crossing setParameters() is refused; the next one sets it.
 */
export const CLIENTS_OWN =
  /session will not be reconnected|failed with status code (MeetingEnded|AudioJoinedFromAnotherDevice|AudioAttendeeRemoved)|of null \(reading 'currentState'\)|getParameters\(\) has never been called on this sender/;
