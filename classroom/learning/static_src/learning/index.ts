// The pages of a learner need no script of their own; this entry brings their styles.
import './index.css';
