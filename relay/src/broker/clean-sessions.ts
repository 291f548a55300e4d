/**
 * The part of aedes' persistence that stays empty when all sessions are clean, as login.ts forces them to be: nobody who
 * is away has subscriptions or a queue. aedes asks all the same, several times for each message.
 */
import { Readable } from 'node:stream';

/** aedes wants the setup to be an async function, and looks. */
const nothing = async () => {};
/** The same promise each time: there is nothing to wait for. */
const done = Promise.resolve();
const nobody = Promise.resolve([]);
const noQos2 = () => Promise.reject(new Error('no QoS 2'));

export const cleanSessions = () => ({
  setup: nothing,
  cleanSubscriptions: () => done,
  subscriptionsByTopic: () => nobody,
  outgoingEnqueueCombi: () => done,
  outgoingStream: () => Readable.from([]),
  outgoingUpdate: () => done,
  outgoingClearMessageId: () => done,
  // QoS 2 is refused before it comes here (access.ts); a stray PUBREL finds nothing.
  incomingGetPacket: noQos2,
  incomingStorePacket: noQos2,
  incomingDelPacket: noQos2,
  // aedes publishes the wills of its own clients itself; these are for other nodes.
  putWill: () => done,
  delWill: () => done,
  streamWill: () => Readable.from([]),
});
