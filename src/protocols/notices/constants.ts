import { StrictSign, type GossipsubOpts } from '@libp2p/gossipsub'
import { MAX_NOTICE_BYTES } from '../limits.ts'

export const NOTICES_TOPIC = 'mesh/notices/1'
/** Said again though nothing changed, so that whoever came later hears of it: gossip keeps no history. */
export const REPEAT_MS = 30_000
/** So many devices repeat their notices at that pace; where there are more, each one does it less often. */
export const REPEATED_BY = 32
/** Changes come in bursts, and gossip reaches every device: those who need each one are connected directly. */
export const GAP_MS = 1000
/** For each signer: a tenfold burst over the gap, then what keeps it. */
export const NOTICE_RATE = { capacity: 10, perSecond: 1000 / GAP_MS }

/** For `gossipsub(gossipOptions)`. */
export const gossipOptions = {
  /** Who speaks is who signed: nothing unsigned is taken or passed on. */
  globalSignaturePolicy: StrictSign,
  /** No device of a mesh speaks it, and what is not handled need not be guarded. */
  fallbackToFloodsub: false,
  /** A device alone is no error. */
  allowPublishToZeroTopicPeers: true,
  /**
   * Members behind one address, or on one machine, are no attack, as gossipsub takes more than ten of them to be: it would
   * hear none of them. Who may speak at all is the roster's question.
   */
  scoreParams: { IPColocationFactorWeight: 0 },
  allowedTopics: [NOTICES_TOPIC],
  /** A few notices together; gossipsub's own limit is 4 MiB. */
  maxInboundDataLength: 4 * MAX_NOTICE_BYTES,
  /** By default a peer that never reads may have messages without end queued for it. */
  maxOutboundBufferSize: 16 * MAX_NOTICE_BYTES,
  /** One topic and a handful of devices need no more; the defaults are 5000 each. */
  decodeRpcLimits: {
    maxSubscriptions: 16,
    maxMessages: 64,
    maxIhaveMessageIDs: 1024,
    maxIwantMessageIDs: 1024,
    maxIdontwantMessageIDs: 512,
    maxControlMessages: 64,
    maxPeerInfos: 16
  }
} satisfies Partial<GossipsubOpts>
