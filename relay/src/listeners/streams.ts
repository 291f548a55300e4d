/** What all streams of clients have in common, whatever release of Node.js makes them. */
/**
 * What waits in a stream, each way, before it says "no more", in bytes. Node.js 22 raised its own default from this to
 * 64 KiB; an idle relay keeps thousands of streams, and what one client can make us hold is counted with this figure.
 */
export const highWaterMarkBytes = 16 * 1024;
